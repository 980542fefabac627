package faultlab

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	dialLimit  = 5 * time.Second
	writeLimit = 5 * time.Second
	// silenceLimit is the server's ping interval and timeout, and some more.
	silenceLimit = 50 * time.Second
	frameLimit   = 4 << 20
)

// socket is one Socket.IO connection over WebSocket, as a client has it.
type socket struct {
	conn   *websocket.Conn
	frames chan string // closed with the connection; why is set before
	why    error
	stop   context.CancelFunc
	lazy   *atomic.Int32 // how the device reads
}

// dialSocket connects and sends CONNECT with auth.
func dialSocket(ctx context.Context, client *http.Client, base string, auth any, lazy *atomic.Int32) (*socket, error) {
	text, err := json.Marshal(auth)
	if err != nil {
		return nil, err
	}
	dialing, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	//nolint:bodyclose // The library closes it.
	conn, _, err := websocket.Dial(dialing, strings.Replace(base, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(frameLimit)
	reading, stop := context.WithCancel(ctx)
	s := &socket{conn: conn, frames: make(chan string, 64), stop: stop, lazy: lazy}
	if err := s.write(ctx, "40"+string(text)); err != nil {
		s.close()
		close(s.frames)
		return nil, err
	}
	go s.read(reading)
	return s, nil
}

func (s *socket) read(ctx context.Context) {
	defer close(s.frames)
	for {
		if err := s.dawdle(ctx); err != nil {
			s.why = err
			return
		}
		text, err := s.next(ctx)
		if err != nil {
			s.why = err
			return
		}
		select {
		case s.frames <- text:
		case <-ctx.Done():
			s.why = ctx.Err()
			return
		}
	}
}

// dawdle holds up a device that is slow to read.
func (s *socket) dawdle(ctx context.Context) error {
	for s.lazy.Load() == stops {
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	if s.lazy.Load() == trickles { // a message has some three hundred bytes
		return pause(ctx, 3*time.Second)
	}
	return nil
}

func (s *socket) next(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, silenceLimit)
	defer cancel()
	_, text, err := s.conn.Read(ctx)
	return string(text), err
}

func (s *socket) write(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, []byte(text))
}

// close ends the connection without a word, as a device that loses its network.
func (s *socket) close() {
	s.stop()
	_ = s.conn.CloseNow() // it may have ended
}

// emit sends an event with an ack.
func (s *socket) emit(ctx context.Context, ack int, event string, payload any) error {
	text, err := json.Marshal([]any{event, payload})
	if err != nil {
		return err
	}
	return s.write(ctx, "42"+strconv.Itoa(ack)+string(text))
}

// parseEvent takes an event or an ack apart: 42["name",payload] or 43<id>[payload].
func parseEvent(text string) (ack int, name string, payload json.RawMessage, ok bool) {
	at := strings.IndexByte(text, '[')
	if at < 0 {
		return 0, "", nil, false
	}
	if at > 2 {
		id, err := strconv.Atoi(text[2:at])
		if err != nil {
			return 0, "", nil, false
		}
		ack = id
	}
	var parts []json.RawMessage
	if json.Unmarshal([]byte(text[at:]), &parts) != nil || len(parts) == 0 {
		return 0, "", nil, false
	}
	if text[1] == '3' {
		return ack, "", parts[0], true
	}
	if json.Unmarshal(parts[0], &name) != nil || len(parts) < 2 {
		return 0, "", nil, false
	}
	return ack, name, parts[1], true
}
