package main

import (
	"context"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs the program and returns its two addresses.
func serve(t *testing.T) (echoes, client string) {
	t.Helper()
	var listeners [2]net.Listener
	for i := range listeners {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners[i] = l
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, slog.New(slog.DiscardHandler), listeners[0], listeners[1]) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return listeners[0].Addr().String(), listeners[1].Addr().String()
}

// dialog opens a WebSocket, swallows the open packet, sends packets, and then
// expects patterns; binary frames are written "b:" and their bytes.
func dialog(t *testing.T, url string, send, want []string) {
	t.Helper()
	c := open(t, url)
	c.send(send...)
	c.want(want...)
}

type conn struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // of one test
	ws  *websocket.Conn
}

func open(t *testing.T, url string) *conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	ws, res, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		defer res.Body.Close()
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	c := &conn{t, ctx, ws}
	c.want(`0\{.*`)
	return c
}

func (c *conn) send(packets ...string) {
	c.t.Helper()
	for _, p := range packets {
		kind := websocket.MessageText
		if rest, ok := strings.CutPrefix(p, "b:"); ok {
			kind, p = websocket.MessageBinary, rest
		}
		if err := c.ws.Write(c.ctx, kind, []byte(p)); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *conn) want(patterns ...string) {
	c.t.Helper()
	for _, pattern := range patterns {
		kind, data, err := c.ws.Read(c.ctx)
		for err == nil && string(data) == "2" {
			kind, data, err = c.ws.Read(c.ctx)
		}
		if err != nil {
			c.t.Fatalf("want %s: %v", pattern, err)
		}
		got := string(data)
		if kind == websocket.MessageBinary {
			got = "b:" + got
		}
		if !regexp.MustCompile(`^(?s:` + pattern + `)$`).MatchString(got) {
			c.t.Fatalf("got  %s\nwant %s", got, pattern)
		}
	}
}

func TestEngineEcho(t *testing.T) {
	echoes, _ := serve(t)
	dialog(t, "ws://"+echoes+"/engine.io/?EIO=4&transport=websocket", []string{"4hello", "b:\x01\x02"}, []string{"4hello", "b:\x01\x02"})
}

func TestSocketEcho(t *testing.T) {
	echoes, _ := serve(t)
	url := "ws://" + echoes + "/socket.io/?EIO=4&transport=websocket"
	hole := `{"_placeholder":true,"num":0}`
	holePattern := regexp.QuoteMeta(hole)
	for name, c := range map[string]struct{ send, want []string }{
		"connect":          {[]string{"40"}, []string{`40\{"sid":"\w+"\}`, `42\["auth",\{\}\]`}},
		"payload":          {[]string{`40/custom,{"token":"abc"}`}, []string{`40/custom,\{"sid":"\w+"\}`, `42/custom,\["auth",\{"token":"abc"\}\]`}},
		"invalid":          {[]string{"40/random"}, []string{`44/random,\{"message":"Invalid namespace"\}`}},
		"message":          {[]string{"40", `42["message",1,"2",{"3":[true]}]`}, []string{`40.*`, `42\["auth",\{\}\]`, `42\["message-back",1,"2",\{"3":\[true\]\}\]`}},
		"acknowledged":     {[]string{"40", `42456["message-with-ack",1,"2"]`}, []string{`40.*`, `42\["auth",\{\}\]`, `43456\[1,"2"\]`}},
		"binary":           {[]string{"40", `451-["message",` + hole + `]`, "b:x"}, []string{`40.*`, `42.*`, `451-\["message-back",` + holePattern + `\]`, "b:x"}},
		"binary with ack":  {[]string{"40", `451-7["message-with-ack",` + hole + `]`, "b:x"}, []string{`40.*`, `42.*`, `461-7\[` + holePattern + `\]`, "b:x"}},
		"other namespaces": {[]string{"40/custom", "41/custom", "40"}, []string{`40/custom.*`, `42/custom.*`, `40.*`}},
	} {
		t.Run(name, func(t *testing.T) { dialog(t, url, c.send, c.want) })
	}
}

func TestClientServer(t *testing.T) {
	_, client := serve(t)
	url := "ws://" + client + "/socket.io/?EIO=4&transport=websocket"
	hole := `{"_placeholder":true,"num":0}`
	greeting := `["jsonbuff",{"hello":"lol","message":` + hole + `,"goodbye":"gotcha"}]`
	for name, c := range map[string]struct {
		query      string
		send, want []string
	}{
		"recovery is on":   {"", []string{"40"}, []string{`40\{"sid":"\w+","pid":"\w+"\}`}},
		"failing main":     {"&fail=true", []string{"40"}, []string{`44\{"message":"Auth failed \(main namespace\)"\}`}},
		"failing custom":   {"", []string{"40/no"}, []string{`44/no,\{"message":"Auth failed \(custom namespace\)"\}`}},
		"handshake":        {"&foo=bar", []string{`40/abc,{"token":"t"}`}, []string{`40/abc.*`, `42/abc,\["handshake",\{"address":"127.0.0.1","auth":\{"token":"t"\},"headers":\{.*\},"issued":\d+,"query":\{.*"foo":"bar".*\},"secure":false,"time":".*","url":"/socket.io/\?.*","xdomain":false\},"\d+"\]`}},
		"getHandshake":     {"", []string{"40", `420["getHandshake"]`}, []string{`40.*`, `430\[\{"address".*\}\]`}},
		"getId":            {"", []string{"40/foo", `42/foo,0["getId"]`}, []string{`40/foo.*`, `43/foo,0\["\w+"\]`}},
		"hi":               {"", []string{"40", `42["hi"]`}, []string{`40.*`, `42\["hi","\d+"\]`}},
		"echo":             {"", []string{"40", `420["echo",{"a":1}]`}, []string{`40.*`, `430\[\{"a":1\}\]`}},
		"dates":            {"", []string{"40", `420["getAckDate",{}]`, `42["getDate"]`, `42["getDateObj"]`}, []string{`40.*`, `430\["20.*Z"\]`, `42\["takeDate","20.*Z","\d+"\]`, `42\["takeDateObj",\{"date":"20.*Z"\},"\d+"\]`}},
		"utf-8":            {"", []string{"40", `42["getUtf8"]`}, []string{`40.*`, `42\["takeUtf8","てすと".*`, `42.*"Я Б Г Д Ж Й".*`, `42.*"Ä ä Ü ü ß".*`, `42.*"utf8 — string".*`, `42.*"utf8 — string".*`}},
		"false":            {"", []string{"40", `42["false"]`}, []string{`40.*`, `42\["false",false,"\d+"\]`}},
		"binary":           {"", []string{"40", `42["doge"]`, `42["getbin"]`}, []string{`40.*`, `451-\["doge",.*`, "b:asdfasdf", `451-\["takebin",.*`, "b:asdfasdf"}},
		"binary arguments": {"", []string{"40", `451-["buffa",` + hole + `]`, "b:x", `451-["blob",` + hole + `]`, "b:x", "451-" + greeting, "b:x", "451-" + strings.Replace(greeting, "jsonbuff", "jsonblob", 1), "b:x"}, []string{`40.*`, `42\["buffack".*`, `42\["back".*`, `42\["jsonbuff-ack".*`, `42\["jsonblob-ack".*`}},
		"binary in order":  {"", []string{"40", `42["abuff2"]`, `451-["abuff1",` + hole + `]`, "b:x", `42["abuff2","second"]`}, []string{`40.*`, `42\["abuff2-ack".*`}},
		"blobs in order":   {"", []string{"40", `451-["blob1",` + hole + `]`, "b:x", `42["blob2","second"]`, `451-["blob3",` + hole + `]`, "b:x"}, []string{`40.*`, `42\["blob3-ack".*`}},
	} {
		t.Run(name, func(t *testing.T) { dialog(t, url+c.query, c.send, c.want) })
	}
}

func TestClientServerAsksForAnAck(t *testing.T) {
	_, client := serve(t)
	c := open(t, "ws://"+client+"/socket.io/?EIO=4&transport=websocket")
	c.send("40", `42["ack"]`)
	c.want(`40.*`, `420\["ack"\]`)
	c.send(`430[5,{"test":true}]`)
	c.want(`42\["got it","\d+"\]`)
}
