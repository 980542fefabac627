package socketio_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"maska/socketio"
)

func TestHandshakeHasExactlyTheProtocolsKeys(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	for _, c := range []struct {
		transport string
		upgrades  string
		text      string
	}{
		{"polling", `["websocket"]`, h.request("GET", "EIO=4&transport=polling&t=x1", "").body},
		{"websocket", `[]`, h.dial("EIO=4&transport=websocket").read()},
	} {
		t.Run(c.transport, func(t *testing.T) {
			o := parseOpen(t, c.text)
			if len(o.SID) < 20 {
				t.Errorf("sid %q is guessable", o.SID)
			}
			want := `0{"sid":"` + o.SID + `","upgrades":` + c.upgrades + `,"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
			if c.text != want {
				t.Errorf("got  %s\nwant %s", c.text, want)
			}
		})
	}
}

func TestPollingHandshakeHeaders(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	r := h.request("GET", "EIO=4&transport=polling", "")
	for key, want := range map[string]string{"Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store", "Set-Cookie": ""} {
		if got := r.header.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func TestUpgradesAreOfferedOnlyIfServed(t *testing.T) {
	h := start(t, socketio.Config{Transports: []socketio.Transport{socketio.Polling}}, echo)
	r := h.request("GET", "EIO=4&transport=polling", "")
	if o := parseOpen(t, r.body); len(o.Upgrades) != 0 {
		t.Errorf("upgrades %q", o.Upgrades)
	}
	if _, err := h.tryDial("EIO=4&transport=websocket"); err == nil {
		t.Error("WebSocket was served")
	}
}

func TestPathIsComparedExactly(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	for path, want := range map[string]int{"/socket.io/": 200, "/socket.io": 200, "/socket.io/x": 404, "/socket.iox/": 404, "/": 404, "//socket.io/": 404} {
		req, err := http.NewRequestWithContext(within(t), http.MethodGet, h.base+path+"?EIO=4&transport=polling", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

// Engine.IO's errors, section "errors before a session exists".
func TestBadRequestsGetTheirCode(t *testing.T) {
	cfg := socketio.Config{Admit: func(r *http.Request) error {
		switch r.Header.Get("X-Test") {
		case "plain":
			return errors.New("secret reason")
		case "public":
			return &socketio.RefusedError{Message: "Not today"}
		}
		return nil
	}}
	h := start(t, cfg, echo)
	polling := h.poller()
	upgraded := h.poller()
	ws := h.dial("EIO=4&transport=websocket&sid=" + upgraded.sid)
	ws.send("2probe")
	ws.want("3probe")
	ws.send("5", "40")
	ws.read()

	for name, c := range map[string]struct {
		method, query string
		header        []string
		status        int
		body          string
	}{
		"nothing at all":            {"GET", "", nil, 400, `{"code":0,"message":"Transport unknown"}`},
		"unknown transport":         {"GET", "EIO=4&transport=carrier-pigeon", nil, 400, `{"code":0,"message":"Transport unknown"}`},
		"webtransport over HTTP":    {"GET", "EIO=4&transport=webtransport", nil, 400, `{"code":0,"message":"Transport unknown"}`},
		"unknown session":           {"GET", "EIO=4&transport=polling&sid=nope", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
		"unknown session, POST":     {"POST", "EIO=4&transport=polling&sid=nope", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
		"POST without session":      {"POST", "EIO=4&transport=polling", nil, 400, `{"code":2,"message":"Bad handshake method"}`},
		"PUT without session":       {"PUT", "EIO=4&transport=polling", nil, 400, `{"code":2,"message":"Bad handshake method"}`},
		"HEAD without session":      {"HEAD", "EIO=4&transport=polling", nil, 400, ``},
		"websocket without upgrade": {"GET", "EIO=4&transport=websocket", nil, 400, `{"code":3,"message":"Bad request"}`},
		"stripped upgrade":          {"GET", "EIO=4&transport=websocket&sid=" + polling.sid, nil, 400, `{"code":3,"message":"Bad request"}`},
		"poll after upgrade":        {"GET", "EIO=4&transport=polling&sid=" + upgraded.sid, nil, 400, `{"code":3,"message":"Bad request"}`},
		"post after upgrade":        {"POST", "EIO=4&transport=polling&sid=" + upgraded.sid, nil, 400, `{"code":3,"message":"Bad request"}`},
		"other revision":            {"GET", "EIO=3&transport=polling&sid=" + polling.sid, nil, 400, `{"code":3,"message":"Bad request"}`},
		"refused":                   {"GET", "EIO=4&transport=polling", []string{"X-Test", "plain"}, 403, `{"code":4,"message":"Forbidden"}`},
		"refused with a message":    {"GET", "EIO=4&transport=polling", []string{"X-Test", "public"}, 403, `{"code":4,"message":"Not today"}`},
		"refused before revision":   {"GET", "EIO=3&transport=polling", []string{"X-Test", "plain"}, 403, `{"code":4,"message":"Forbidden"}`},
		"foreign origin":            {"GET", "EIO=4&transport=polling", []string{"Origin", "https://evil.example"}, 403, `{"code":4,"message":"Forbidden"}`},
		"foreign origin on a POST":  {"POST", "EIO=4&transport=polling&sid=" + polling.sid, []string{"Origin", "https://evil.example"}, 403, `{"code":4,"message":"Forbidden"}`},
		"null origin":               {"GET", "EIO=4&transport=polling", []string{"Origin", "null"}, 403, `{"code":4,"message":"Forbidden"}`},
		"revision 3":                {"GET", "EIO=3&transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
		"no revision":               {"GET", "transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
		"other method":              {"PUT", "EIO=4&transport=polling&sid=" + polling.sid, nil, 405, ``},
		"upgrade to polling":        {"GET", "EIO=4&transport=polling", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, 400, "Bad request\n"},
		"upgrade, bad revision":     {"GET", "EIO=3&transport=websocket", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, 400, "Unsupported protocol version\n"},
		"upgrade, refused":          {"GET", "EIO=4&transport=websocket", []string{"Connection", "Upgrade", "Upgrade", "websocket", "X-Test", "plain"}, 400, "Forbidden\n"},
		"upgrade, unknown session":  {"GET", "EIO=4&transport=websocket&sid=nope", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, 400, "Session ID unknown\n"},
		"upgrade without a key":     {"GET", "EIO=4&transport=websocket", []string{"Connection", "keep-alive, Upgrade", "Upgrade", "WebSocket", "Sec-WebSocket-Version", "13"}, 400, "Bad request\n"},
		"upgrade, old version":      {"GET", "EIO=4&transport=websocket", []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "8", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="}, 400, "Bad request\n"},
		"endless query":             {"GET", "EIO=4&transport=polling&x=" + strings.Repeat("x", 9000), nil, 400, `{"code":3,"message":"Bad request"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.request(c.method, c.query, "", c.header...)
			wantReply(t, r, c.status, c.body)
			if strings.HasPrefix(c.body, "{") && r.header.Get("Content-Type") != "application/json" {
				t.Errorf("Content-Type %q", r.header.Get("Content-Type"))
			}
		})
	}

	// None of it disturbed the sessions.
	polling.join()
	ws.send(`42["echo",1]`)
	ws.want(`42["echo",1]`)
}

func TestOriginBytesAreChecked(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	conn := h.raw()
	if _, err := conn.Write([]byte("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nOrigin: a\x01b\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 12)
	if _, err := conn.Read(buf); err != nil || string(buf) != "HTTP/1.1 400" {
		t.Errorf("%q %v", buf, err)
	}
}

func TestOrigins(t *testing.T) {
	allow := func(_ *http.Request, origin string) bool { return origin == "https://app.example" }
	for name, c := range map[string]struct {
		cfg    socketio.Config
		origin string
		status int
		header map[string]string
	}{
		"native client":           {socketio.Config{}, "", 200, map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Origin"}},
		"same origin":             {socketio.Config{}, "http://chat.example:8080", 200, map[string]string{"Access-Control-Allow-Origin": "http://chat.example:8080"}},
		"same host, other port":   {socketio.Config{}, "http://chat.example", 403, map[string]string{"Access-Control-Allow-Origin": ""}},
		"allowed":                 {socketio.Config{AllowOrigin: allow}, "https://app.example", 200, map[string]string{"Access-Control-Allow-Origin": "https://app.example", "Vary": "Origin", "Access-Control-Allow-Credentials": ""}},
		"allowed and credentials": {socketio.Config{AllowOrigin: allow, AllowCredentials: true}, "https://app.example", 200, map[string]string{"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true"}},
		"not allowed":             {socketio.Config{AllowOrigin: allow, AllowCredentials: true}, "https://evil.example", 403, map[string]string{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": ""}},
		"any":                     {socketio.Config{AllowAnyOrigin: true}, "null", 200, map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, c.cfg, echo)
			header := []string{"Host", "chat.example:8080"}
			if c.origin != "" {
				header = append(header, "Origin", c.origin)
			}
			r := h.request("GET", "EIO=4&transport=polling", "", header...)
			if r.status != c.status {
				t.Errorf("status %d, want %d", r.status, c.status)
			}
			for key, want := range c.header {
				if got := r.header.Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
			errors := h.request("GET", "EIO=9&transport=polling", "", header...)
			if got, want := errors.header.Get("Access-Control-Allow-Origin"), c.header["Access-Control-Allow-Origin"]; got != want {
				t.Errorf("on an error: %q, want %q", got, want)
			}
		})
	}
}

func TestPreflight(t *testing.T) {
	h := start(t, socketio.Config{AllowOrigin: func(_ *http.Request, o string) bool { return o == "https://app.example" }}, echo)
	r := h.request("OPTIONS", "EIO=4&transport=polling", "", "Origin", "https://app.example", "Access-Control-Request-Headers", "x-one, x-two")
	for key, want := range map[string]string{
		"Access-Control-Allow-Origin":  "https://app.example",
		"Access-Control-Allow-Methods": "GET,POST,OPTIONS",
		"Access-Control-Allow-Headers": "x-one, x-two",
		"Access-Control-Max-Age":       "600",
	} {
		if got := r.header.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if r.status != http.StatusNoContent {
		t.Errorf("status %d", r.status)
	}
	foreign := h.request("OPTIONS", "EIO=4&transport=polling", "", "Origin", "https://evil.example")
	if foreign.status != http.StatusNoContent || foreign.header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("foreign: %d %v", foreign.status, foreign.header)
	}
}

func TestHandshakeFactsReachTheApplication(t *testing.T) {
	facts := make(chan *socketio.Handshake, 1)
	h := start(t, socketio.Config{AllowAnyOrigin: true}, func(srv *socketio.Server) {
		srv.Namespace("/").OnConnected(func(s *socketio.Socket) { facts <- s.Handshake() })
	})
	before := time.Now()
	r := h.request("GET", "EIO=4&transport=polling&a=1&a=2&b=%20", "", "X-One", "1", "Origin", "http://o.example", "Host", "chat.example")
	p := &poller{h, parseOpen(t, r.body).SID}
	p.push(`40{"token":"t"}`)
	got := receive(t, facts)
	if got.URL != "/socket.io/?EIO=4&transport=polling&a=1&a=2&b=%20" || got.Query["a"][1] != "2" || got.Query.Get("b") != " " {
		t.Errorf("url %q, query %v", got.URL, got.Query)
	}
	if got.Header.Get("X-One") != "1" || got.Header.Get("Host") != "chat.example" {
		t.Errorf("header %v", got.Header)
	}
	if got.RemoteAddr != "127.0.0.1" || got.Secure || !got.XDomain || got.Time.Before(before) || time.Since(got.Time) < 0 {
		t.Errorf("%+v", got)
	}
	if want := json.RawMessage(`{"token":"t"}`); string(got.Auth) != string(want) {
		t.Errorf("auth %s", got.Auth)
	}
}

func TestAuthIsNotKept(t *testing.T) {
	later := make(chan *socketio.Handshake, 1)
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		srv.Namespace("/").OnEvent("later", func(s *socketio.Socket, _ *socketio.Event) { later <- s.Handshake() })
	})
	r := h.request("GET", "EIO=4&transport=polling", "")
	p := &poller{h, parseOpen(t, r.body).SID}
	p.push(`40{"token":"t"}`)
	p.push(`42["later"]`)
	if got := receive(t, later); got.Auth != nil {
		t.Errorf("auth %s", got.Auth)
	}
}

func TestNewRefusesContradictions(t *testing.T) {
	for name, cfg := range map[string]socketio.Config{
		"unknown transport":      {Transports: []socketio.Transport{"pigeon"}},
		"negative timeout":       {PingTimeout: -1},
		"no payload":             {MaxPayload: -1},
		"eleven attachments":     {MaxAttachments: 11},
		"rate without burst":     {InboundRate: 3},
		"credentials for anyone": {AllowAnyOrigin: true, AllowCredentials: true},
	} {
		if _, err := socketio.New(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
