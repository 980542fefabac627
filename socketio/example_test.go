package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/coder/websocket"

	"maska/socketio"
)

// Every event comes back to its sender.
func Example_echo() {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		panic(err)
	}
	defer stop(srv)
	srv.Namespace("/").OnEvent("echo", func(s *socketio.Socket, e *socketio.Event) {
		if len(e.Args) == 1 {
			_ = s.Emit("echo", e.Args[0]) // an error means that the client has gone
		}
	})
	session(srv, `42["echo",{"any":["json"]}]`)
	// Output:
	// client: 42["echo",{"any":["json"]}]
	// server: 42["echo",{"any":["json"]}]
}

// What is said goes to everybody in the room. It is encoded once, however many
// they are.
func Example_rooms() {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		panic(err)
	}
	defer stop(srv)
	n := srv.Namespace("/")
	n.OnConnected(func(s *socketio.Socket) { s.Join("lobby") })
	n.OnEvent("say", func(_ *socketio.Socket, e *socketio.Event) {
		var text string
		if e.Bind(0, &text) != nil {
			return // not a string
		}
		p, err := n.Encode("said", map[string]any{"text": text})
		if err != nil {
			panic(err) // a string can be encoded
		}
		n.Broadcast("lobby", p)
	})
	session(srv, `42["say","hello"]`)
	// Output:
	// client: 42["say","hello"]
	// server: 42["said",{"text":"hello"}]
}

// Acknowledgements are answers to one event. They may come later, from another
// goroutine; and the server can ask as well.
func Example_acks() {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		panic(err)
	}
	defer stop(srv)
	n := srv.Namespace("/")
	n.OnEvent("add", func(_ *socketio.Socket, e *socketio.Event) {
		var a, b int
		if e.Bind(0, &a) != nil || e.Bind(1, &b) != nil {
			_ = e.Ack(map[string]string{"error": "two numbers, please"})
			return
		}
		go func() { _ = e.Ack(a + b) }()
	})
	n.OnEvent("ask me", func(s *socketio.Socket, _ *socketio.Event) {
		go func() { // not in the handler: the answer comes through it
			answer, err := s.EmitWithAck(s.Context(), "how are you?")
			if err == nil && len(answer) == 1 {
				_ = s.Emit("so you are", answer[0])
			}
		}()
	})
	session(srv, `427["add",2,3]`, `42["ask me"]`, `430["fine"]`)
	// Output:
	// client: 427["add",2,3]
	// server: 437[5]
	// client: 42["ask me"]
	// server: 420["how are you?"]
	// client: 430["fine"]
	// server: 42["so you are","fine"]
}

// The hook decides who may connect. The client reads the refusal's data in its
// connect_error handler.
func Example_auth() {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		panic(err)
	}
	defer stop(srv)
	n := srv.Namespace("/")
	n.OnConnect(func(_ context.Context, s *socketio.Socket) error {
		var auth struct {
			Token string `json:"token"`
		}
		if err := json.Unmarshal(s.Handshake().Auth, &auth); err != nil || auth.Token != "secret" {
			return &socketio.ConnectError{Message: "token_invalid", Data: map[string]any{"retry": false}}
		}
		s.SetData("Ann") // whoever the token belongs to
		return nil
	})
	n.OnConnected(func(s *socketio.Socket) { _ = s.Emit("hello", s.Data()) })
	connect(srv, `40{"token":"guess"}`)
	connect(srv, `40{"token":"secret"}`)
	// Output:
	// client: 40{"token":"guess"}
	// server: 44{"message":"token_invalid","data":{"retry":false}}
	// client: 40{"token":"secret"}
	// server: 40{"sid":"…"}
	// server: 42["hello","Ann"]
}

// A server drains before it stops: its clients leave one after the other, and
// come back to another by themselves.
func ExampleServer_Shutdown() {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	say(srv.Shutdown(ctx, 5*time.Second)) // nobody was there
	// Output: <nil>
}

// session plays a client that has connected.
func session(srv *socketio.Server, packets ...string) { play(srv, true, packets) }

// connect plays a client's first packets.
func connect(srv *socketio.Server, packets ...string) { play(srv, false, packets) }

func stop(srv *socketio.Server) { must(srv.Shutdown(context.Background(), 0)) }

func say(what ...any) { _, _ = fmt.Fprintln(os.Stdout, what...) }

// play sends packets over a WebSocket, each after the answer to the one before,
// and prints the dialog.
func play(srv *socketio.Server, join bool, packets []string) {
	web := httptest.NewServer(srv)
	defer web.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, web.URL+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // a WebSocket has none
	must(err)
	defer conn.CloseNow() //nolint:errcheck // the example is over
	read := func() string {
		_, data, err := conn.Read(ctx)
		must(err)
		return string(data)
	}
	write := func(p string) { must(conn.Write(ctx, websocket.MessageText, []byte(p))) }

	read() // the open packet
	if join {
		write("40")
		read()
	}
	for _, p := range packets {
		say("client:", p)
		write(p)
		answer := regexp.MustCompile(`"sid":"\w+"`).ReplaceAllString(read(), `"sid":"…"`)
		say("server:", answer)
		if strings.HasPrefix(answer, "40") {
			say("server:", read())
		}
	}
}
