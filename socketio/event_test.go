package socketio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"maska/socketio"
)

func TestEventsReachTheirHandler(t *testing.T) {
	got := make(chan string, 1)
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		n := srv.Namespace("/")
		handler := func(who string) func(*socketio.Socket, *socketio.Event) {
			return func(_ *socketio.Socket, e *socketio.Event) {
				text := who + ":" + e.Name
				for _, a := range e.Args {
					text += " " + string(a.JSON())
				}
				got <- text
			}
		}
		n.OnEvent("known", handler("known"))
		n.OnEvent("имя", handler("имя"))
		n.OnAnyOther(handler("other"))
	})
	ws := h.member()
	for packet, want := range map[string]string{
		`42["known",{"b":1,"a":2},1.50]`: `known:known {"b":1,"a":2} 1.50`,
		`42["kno\u0077n"]`:               `known:known`,
		`42["имя"]`:                      `имя:имя`,
		`42["unknown", [ 1 ]]`:           `other:unknown [ 1 ]`,
		`42[7,"x"]`:                      `other:7 "x"`,
		`42["esc\"aped"]`:                `other:esc"aped`,
	} {
		ws.send(packet)
		if text := receive(t, got); text != want {
			t.Errorf("%s: %q, want %q", packet, text, want)
		}
	}
}

func TestUnknownEventWithoutHandlerIsIgnored(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	ws := h.member()
	ws.send(`42["unknown"]`, `421["unknown"]`, `42["echo",1]`)
	ws.want(`42["echo",1]`)
}

func TestClientJSONPassesThroughUnchanged(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	ws := h.member()
	for _, args := range []string{
		`1.0,1e3,-0,12345678901234567890`, `{"z":1,"a":{"c":2,"b":3}}`, `"<&>\u2028\ud83c\udfad"`, `null,true,false,[],{}`, ` [ 1 ] `,
		`{"_placeholder":true,"num":0}`,
	} {
		ws.send(`42["echo",` + args + `]`)
		if got := ws.read(); got != `42["echo",`+trimArgs(args)+`]` {
			t.Errorf("%s came back as %s", args, got)
		}
	}
}

// trimArgs is what remains of white space around an argument: nothing.
func trimArgs(s string) string { return string(bytes.TrimSpace([]byte(s))) }

func TestEncodeDoesNotEscapeHTML(t *testing.T) {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(srv.Shutdown(t.Context(), 0)) }()
	n := srv.Namespace("/")
	for want, args := range map[string][]any{
		`42["e"]`:                        nil,
		`42["e","<b>&amp;"]`:             {"<b>&amp;"},
		`42["e",{"a":"<","b":[1]}]`:      {map[string]any{"b": []any{1}, "a": "<"}},
		`42["e",{"B":1},null]`:           {struct{ B int }{1}, nil},
		`42["e",{"raw": 1.0}]`:           {json.RawMessage(`{"raw": 1.0}`)},
		`42["e",null]`:                   {socketio.Value{}},
		`42["e","2026-01-02T00:00:00Z"]`: {time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
	} {
		p, err := n.Encode("e", args...)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if string(p.Text()) != want {
			t.Errorf("got %s, want %s", p.Text(), want)
		}
	}
	for name, args := range map[string][]any{
		"a channel":            {make(chan int)},
		"broken raw JSON":      {json.RawMessage(`{`)},
		"raw JSON, not UTF-8":  {json.RawMessage("\"\xff\"")},
		"Binary in a struct":   {struct{ B socketio.Binary }{socketio.Binary("x")}},
		"a channel in a map":   {map[string]any{"a": make(chan int)}},
		"a channel in a slice": {[]any{make(chan int)}},
	} {
		if _, err := n.Encode("e", args...); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
	for _, name := range []string{"", "connect", "disconnecting"} {
		if _, err := n.Encode(name); err == nil {
			t.Errorf("event name %q was encoded", name)
		}
	}
}

func TestBinaryComesAndGoes(t *testing.T) {
	type message struct {
		Hello string
		Body  []byte
	}
	got := make(chan message, 1)
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		echo(srv)
		n := srv.Namespace("/")
		n.OnEvent("bind", func(s *socketio.Socket, e *socketio.Event) {
			var m message
			must(e.Bind(0, &m))
			got <- m
			must(s.Emit("sent", map[string]any{"b": []any{socketio.Binary("two")}, "a": socketio.Binary("one")}, "x", []byte{}))
		})
	})
	ws := h.member()
	ws.send(`451-["bind",{"hello":"lol","body":{"_placeholder":true,"num":0}}]`)
	ws.sendBinary([]byte("bytes"))
	if m := receive(t, got); m.Hello != "lol" || string(m.Body) != "bytes" {
		t.Errorf("%+v", m)
	}
	ws.want(`453-["sent",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]},"x",{"_placeholder":true,"num":2}]`, "b:one", "b:two", "b:")

	// Renumbered in the order of the text.
	ws.send(`452-["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`)
	ws.sendBinary([]byte("zero"))
	ws.sendBinary([]byte("one"))
	ws.want(`452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:one", "b:zero")

	ws.send(`451-3["echo",{"_placeholder":true,"num":0}]`, `bemVybw==`)
	ws.want(`461-3[{"_placeholder":true,"num":0}]`, "b:zero")
}

func TestBinaryTravelsTogetherInAPoll(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	p := h.poller()
	p.join()
	wantReply(t, p.push(`451-["echo",{"_placeholder":true,"num":0}]`, "bYQ=="), 200, "ok")
	wantReply(t, p.poll(), 200, "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebYQ==")
}

func TestValueBinary(t *testing.T) {
	got := make(chan bool, 3)
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		srv.Namespace("/").OnEvent("x", func(_ *socketio.Socket, e *socketio.Event) {
			for _, a := range e.Args {
				_, ok := a.Binary()
				got <- ok
			}
		})
	})
	ws := h.member()
	ws.send(`452-["x",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}],1]`)
	ws.sendBinary(nil)
	ws.sendBinary(nil)
	for i, want := range []bool{true, false, false} {
		if receive(t, got) != want {
			t.Errorf("argument %d: %v", i, !want)
		}
	}
}

func TestBindSaysWhenThereIsNoArgument(t *testing.T) {
	got := make(chan error, 2)
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		srv.Namespace("/").OnEvent("x", func(_ *socketio.Socket, e *socketio.Event) {
			var n int
			got <- e.Bind(1, &n)
			got <- e.Bind(-1, &n)
		})
	})
	ws := h.member()
	ws.send(`42["x",1]`)
	for range 2 {
		if err := receive(t, got); !errors.Is(err, socketio.ErrNoArgument) {
			t.Error(err)
		}
	}
}

func TestAcknowledgementIsSentOnceAndFromAnywhere(t *testing.T) {
	kept := make(chan *socketio.Event, 1)
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		srv.Namespace("/").OnEvent("x", func(_ *socketio.Socket, e *socketio.Event) { kept <- e })
	})
	ws := h.member()
	ws.send(`427["x"]`)
	e := receive(t, kept)
	if !e.WantsAck() {
		t.Error("wants none")
	}
	if err := e.Ack(make(chan int)); err == nil {
		t.Error("a channel was encoded")
	}
	if err := e.Ack("late", 1); err != nil {
		t.Error(err)
	}
	ws.want(`437["late",1]`)
	if err := e.Ack("again"); !errors.Is(err, socketio.ErrAcked) {
		t.Error(err)
	}
	ws.send(`42["x"]`)
	e = receive(t, kept)
	if err := e.Ack(); e.WantsAck() || !errors.Is(err, socketio.ErrNoAck) {
		t.Error(err)
	}
	ws.send(`428["x"]`, "41")
	e = receive(t, kept)
	eventually(t, "the socket is gone", func() bool {
		return errors.Is(e.Ack(), socketio.ErrDisconnected) || errors.Is(e.Ack(), socketio.ErrAcked)
	})
}

func TestEmitWithAck(t *testing.T) {
	sockets := make(chan *socketio.Socket, 1)
	h := start(t, socketio.Config{MaxPendingAcks: 2, AckTimeout: time.Minute}, func(srv *socketio.Server) {
		srv.Namespace("/").OnConnected(func(s *socketio.Socket) { sockets <- s })
	})
	ws := h.member()
	s := receive(t, sockets)

	type answer struct {
		values []socketio.Value
		err    error
	}
	ask := func(ctx context.Context, event string) <-chan answer {
		ch := make(chan answer, 1)
		go func() {
			values, err := s.EmitWithAck(ctx, event, 1)
			ch <- answer{values, err}
		}()
		return ch
	}
	a := ask(t.Context(), "a")
	ws.want(`420["a",1]`)
	b := ask(t.Context(), "b")
	ws.want(`421["b",1]`)
	if _, err := s.EmitWithAck(t.Context(), "c"); !errors.Is(err, socketio.ErrTooManyAcks) {
		t.Error(err)
	}
	ws.send(`4399["nobody waits"]`, `431["second"]`, `431["again"]`, `461-0[{"_placeholder":true,"num":0}]`)
	ws.sendBinary([]byte("first"))
	got := receive(t, b)
	if got.err != nil || len(got.values) != 1 || string(got.values[0].JSON()) != `"second"` {
		t.Errorf("%+v", got)
	}
	got = receive(t, a)
	if bin, ok := got.values[0].Binary(); got.err != nil || !ok || string(bin) != "first" {
		t.Errorf("%+v", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	c := ask(ctx, "c")
	ws.want(`422["c",1]`)
	cancel()
	if got := receive(t, c); !errors.Is(got.err, context.Canceled) {
		t.Error(got.err)
	}
	ws.send(`432[]`) // too late, and harmless
	d := ask(t.Context(), "d")
	ws.want(`423["d",1]`)
	ws.send("41")
	if got := receive(t, d); !errors.Is(got.err, socketio.ErrDisconnected) {
		t.Error(got.err)
	}
	if _, err := s.EmitWithAck(t.Context(), "e"); !errors.Is(err, socketio.ErrDisconnected) {
		t.Error(err)
	}
}

func TestEmitWithAckTimesOut(t *testing.T) {
	got := make(chan error, 1)
	h := start(t, socketio.Config{AckTimeout: 20 * time.Millisecond}, func(srv *socketio.Server) {
		srv.Namespace("/").OnConnected(func(s *socketio.Socket) {
			go func() {
				_, err := s.EmitWithAck(context.WithoutCancel(s.Context()), "x")
				got <- err
			}()
		})
	})
	h.member()
	if err := receive(t, got); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestFromTextTakesPlainEventsOfItsNamespace(t *testing.T) {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(srv.Shutdown(t.Context(), 0)) }()
	for text, name := range map[string]string{`42["m",{"a":1}]`: "/", `42/a,["m"]`: "/a"} {
		p, err := srv.Namespace(name).FromText([]byte(text))
		if err != nil || string(p.Text()) != text || p.Size() != len(text)+2 {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{``, `4`, `2["m"]`, `42["m"`, `42/a,["m"]`, `421["m"]`, `431["m"]`, `40`, `451-["m",{"_placeholder":true,"num":0}]`, `42["connect"]`, "42[\"\xff\"]"} {
		if _, err := srv.Namespace("/").FromText([]byte(text)); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}
