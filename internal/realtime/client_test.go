package realtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a test waits for something that must come.
const patience = 20 * time.Second

// client is a Socket.IO client on a WebSocket that keeps what it gets until a test asks for it.
type client struct {
	t    testing.TB
	conn *websocket.Conn

	mu      sync.Mutex
	changed chan struct{} // closed and made anew at every arrival
	inbox   []event
	acks    map[int]json.RawMessage
	calls   int
	ended   bool
}

// event is one that arrived. CONNECT, CONNECT_ERROR and DISCONNECT have the names "connect",
// "connect_error" and "disconnect", the end of the connection is "closed".
type event struct {
	name string
	data json.RawMessage
	text string // as it came
}

// dial opens a connection and sends CONNECT with auth, as JSON or "" for none.
func (c *chat) dial(t testing.TB, auth string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(c.url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(16 << 20)
	cl := &client{t: t, conn: conn, changed: make(chan struct{}), acks: map[int]json.RawMessage{}}
	var reading sync.WaitGroup
	reading.Go(cl.read)
	t.Cleanup(func() {
		_ = conn.CloseNow() // it may have ended long before
		reading.Wait()
	})
	cl.write("40" + auth)
	return cl
}

// enter dials with a token and waits for the end of the welcome.
func (c *chat) enter(t testing.TB, token string) *client {
	t.Helper()
	cl := c.dial(t, `{"token":"`+token+`"}`)
	cl.await("connect")
	cl.await("joined")
	cl.await("presence")
	return cl
}

func (c *client) read() {
	for {
		_, text, err := c.conn.Read(context.Background())
		if err != nil {
			c.arrived(func() {
				c.ended = true
				c.inbox = append(c.inbox, event{name: "closed"})
			})
			return
		}
		c.packet(string(text))
	}
}

func (c *client) packet(text string) {
	switch {
	case strings.HasPrefix(text, "0"):
	case text == "2":
		c.write("3")
	case strings.HasPrefix(text, "40"):
		c.keep(event{"connect", json.RawMessage(text[2:]), text})
	case strings.HasPrefix(text, "41"):
		c.keep(event{"disconnect", nil, text})
	case strings.HasPrefix(text, "42"):
		var args []json.RawMessage
		var name string
		if json.Unmarshal([]byte(text[2:]), &args) != nil || len(args) != 2 || json.Unmarshal(args[0], &name) != nil {
			c.keep(event{"malformed", nil, text})
			return
		}
		c.keep(event{name, args[1], text})
	case strings.HasPrefix(text, "43"):
		at := strings.IndexByte(text, '[')
		id, err := strconv.Atoi(text[2:max(2, at)])
		var args []json.RawMessage
		if err != nil || json.Unmarshal([]byte(text[at:]), &args) != nil || len(args) != 1 {
			c.keep(event{"malformed", nil, text})
			return
		}
		c.arrived(func() { c.acks[id] = args[0] })
	case strings.HasPrefix(text, "44"):
		c.keep(event{"connect_error", json.RawMessage(text[2:]), text})
	default:
		c.keep(event{"malformed", nil, text})
	}
}

func (c *client) keep(e event) { c.arrived(func() { c.inbox = append(c.inbox, e) }) }

func (c *client) arrived(note func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	note()
	close(c.changed)
	c.changed = make(chan struct{})
}

// until waits for something to hold of what has arrived.
func (c *client) until(what string, holds func() bool) {
	c.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		c.mu.Lock()
		ok, changed := holds(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("%s did not come; what came was %v", what, c.inbox)
		}
	}
}

// await takes the oldest event of a name out of the inbox, waiting for it.
func (c *client) await(name string) event {
	c.t.Helper()
	var found event
	c.until(name, func() bool {
		for i, e := range c.inbox {
			if e.name == name {
				found = e
				c.inbox = append(c.inbox[:i], c.inbox[i+1:]...)
				return true
			}
		}
		return false
	})
	return found
}

// has reports whether an event of a name has arrived.
func (c *client) has(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.inbox {
		if e.name == name {
			return true
		}
	}
	return false
}

func (c *client) write(text string) {
	_ = c.conn.Write(context.Background(), websocket.MessageText, []byte(text)) // an end is seen by the reader
}

func (c *client) writeBytes(b []byte) {
	_ = c.conn.Write(context.Background(), websocket.MessageBinary, b) // an end is seen by the reader
}

// answered waits for the answer to CONNECT and reports whether it is the one wanted.
func (c *client) answered(want string) bool {
	c.t.Helper()
	var got string
	c.until("the answer to CONNECT", func() bool {
		if len(c.inbox) > 0 {
			got = c.inbox[0].name
		}
		return got != ""
	})
	return got == want
}

// emit sends an event; the payload is JSON, or "" for none.
func (c *client) emit(name, payload string) {
	if payload != "" {
		payload = "," + payload
	}
	c.write(`42["` + name + `"` + payload + `]`)
}

// ask sends an event and returns a function that waits for its ack.
func (c *client) ask(name, payload string) func() json.RawMessage {
	c.mu.Lock()
	id := c.calls
	c.calls++
	c.mu.Unlock()
	if payload != "" {
		payload = "," + payload
	}
	c.write(fmt.Sprintf(`42%d["%s"%s]`, id, name, payload))
	return func() json.RawMessage {
		c.t.Helper()
		var ack json.RawMessage
		c.until("the ack of "+name, func() bool {
			var ok bool
			ack, ok = c.acks[id]
			return ok
		})
		return ack
	}
}

// call sends an event and waits for its ack.
func (c *client) call(name, payload string) json.RawMessage {
	c.t.Helper()
	return c.ask(name, payload)()
}

// into decodes JSON strictly.
func into[T any](t testing.TB, data []byte) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

// errorCode is the code of a refusal in an ack, "" if it is none.
func errorCode(t testing.TB, ack json.RawMessage) string {
	t.Helper()
	var refused struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(ack, &refused); err != nil {
		t.Fatalf("%s: %v", ack, err)
	}
	if refused.Error.Code != "" && refused.Error.Message == "" {
		t.Errorf("a refusal without a text: %s", ack)
	}
	return refused.Error.Code
}
