// Benchserver is a chat of one screen on the package socketio alone: no accounts, no rules, no
// database. It shows what the package can do, and what the product adds to it.
//
//	go run ./internal/tools/benchserver
//
// A socket joins a room by the event join {roomId}; message {roomId, content} goes to the room and is
// acknowledged.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"maska/internal/collector"
	"maska/socketio"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchserver:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go collector.Run(ctx)
	sockets, err := socketio.New(socketio.Config{MaxUnjoinedPerIP: -1})
	if err != nil {
		return err
	}
	register(sockets.Namespace("/"))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: sockets, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return sockets.Shutdown(ending, 0)
}

// message is what the founding document's server sends.
type message struct {
	ID        int64  `json:"id"`
	Content   string `json:"content"`
	UserID    int64  `json:"userId"`
	RoomID    int64  `json:"roomId"`
	CreatedAt string `json:"created_at"`
}

type joined struct {
	Room int64 `json:"room"`
}

func register(chat *socketio.Namespace) {
	var last atomic.Int64
	chat.OnEvent("join", func(s *socketio.Socket, e *socketio.Event) {
		var in message
		if e.Bind(0, &in) != nil {
			return
		}
		s.Join(strconv.FormatInt(in.RoomID, 10))
		_ = s.Emit("joined", joined{Room: in.RoomID}) // a socket that is gone hears nothing
	})
	chat.OnEvent("message", func(_ *socketio.Socket, e *socketio.Event) {
		var m message
		if e.Bind(0, &m) != nil || m.Content == "" {
			return
		}
		m.ID, m.CreatedAt = last.Add(1), time.Now().UTC().Format(time.RFC3339)
		packet, err := chat.Encode("message", m)
		if err != nil {
			return
		}
		chat.Broadcast(strconv.FormatInt(m.RoomID, 10), packet)
		_ = e.Ack(struct {
			ID int64 `json:"id"`
		}{m.ID}) // a socket that is gone hears nothing
	})
}
