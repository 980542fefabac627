package socketio_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"maska/socketio"
)

// FuzzPost gives a session whatever a client may post: it is answered, and
// leaves the server able to serve the next.
func FuzzPost(f *testing.F) {
	for _, seed := range []string{"40", "40\x1e42[\"echo\",1]", "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebAAEC", "1", "3\x1e3", "b===", "\x1e"} {
		f.Add(seed)
	}
	srv, err := socketio.New(socketio.Config{MaxPayload: 2000, MaxUnjoinedPerIP: -1})
	must(err)
	echo(srv)
	srv.Namespace("/other")
	f.Cleanup(func() { must(srv.Shutdown(context.WithoutCancel(f.Context()), 0)) })
	do := func(method, query, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), method, "/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body)))
		return w
	}
	f.Fuzz(func(t *testing.T, body string) {
		sid := parseOpen(t, do("GET", "", "").Body.String()).SID
		w := do("POST", "&sid="+sid, body)
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("status %d", w.Code)
		}
		if w.Code == http.StatusOK && w.Body.String() != "ok" {
			t.Fatalf("%q", w.Body)
		}
		do("POST", "&sid="+sid, "1") // leave nothing behind
	})
}

// FuzzHandshake asks for a session in every way: the answer has one of the
// protocol's codes.
func FuzzHandshake(f *testing.F) {
	f.Add("GET", "/socket.io/", "EIO=4&transport=polling", "")
	f.Add("POST", "/socket.io", "EIO=4&transport=websocket&sid=x", "http://example.com")
	f.Add("OPTIONS", "/socket.io/", "%zz&EIO=4;a", "null")
	srv, err := socketio.New(socketio.Config{MaxUnjoinedPerIP: -1, ConnectTimeout: time.Second})
	must(err)
	echo(srv)
	f.Cleanup(func() { must(srv.Shutdown(context.WithoutCancel(f.Context()), 0)) })
	f.Fuzz(func(t *testing.T, method, path, query, origin string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://example.com/", nil)
		if err != nil {
			return
		}
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header["Origin"] = []string{origin}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		switch w.Code {
		case 200, 204, 400, 403, 404, 405:
		default:
			t.Fatalf("status %d", w.Code)
		}
		if allowed := w.Header().Get("Access-Control-Allow-Origin"); allowed != "" && (allowed != origin || !strings.HasSuffix(strings.ToLower(origin), "example.com")) {
			t.Fatalf("origin %q is allowed", origin)
		}
	})
}
