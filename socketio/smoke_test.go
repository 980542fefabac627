package socketio_test

import (
	"testing"

	"maska/socketio"
)

func echo(s *socketio.Server) {
	n := s.Namespace("/")
	n.OnConnected(func(s *socketio.Socket) { s.Join("all") })
	n.OnEvent("echo", func(s *socketio.Socket, e *socketio.Event) {
		args := make([]any, len(e.Args))
		for i, a := range e.Args {
			args[i] = a
		}
		if e.WantsAck() {
			if err := e.Ack(args...); err != nil {
				panic(err)
			}
			return
		}
		if err := s.Emit("echo", args...); err != nil {
			panic(err)
		}
	})
	n.OnEvent("say", func(_ *socketio.Socket, e *socketio.Event) {
		p, err := n.Encode("said", e.Args[0])
		if err != nil {
			panic(err)
		}
		n.Broadcast("all", p)
	})
}

func TestSmoke(t *testing.T) {
	h := start(t, quick(), echo)
	a, b := h.member(), h.member()
	a.send(`42["echo",{"a":1},"x"]`)
	a.want(`42["echo",{"a":1},"x"]`)
	a.send(`4212["echo",[1]]`)
	a.want(`4312[[1]]`)
	a.send(`451-["echo",{"_placeholder":true,"num":0}]`)
	a.sendBinary([]byte("hello"))
	a.want(`451-["echo",{"_placeholder":true,"num":0}]`, "b:hello")
	p := h.poller()
	p.join()
	for range 3 {
		b.send(`42["say","hi"]`)
	}
	for range 3 {
		a.want(`42["said","hi"]`)
		b.want(`42["said","hi"]`)
	}
	got := ""
	for len(got) < 3*15+2 {
		r := p.poll().body
		if r == "2" {
			p.push("3")
			continue
		}
		if got != "" {
			got += "\x1e"
		}
		got += r
	}
	if got != "42[\"said\",\"hi\"]\x1e42[\"said\",\"hi\"]\x1e42[\"said\",\"hi\"]" {
		t.Fatalf("%q", got)
	}
	p.push("41", "1")
}
