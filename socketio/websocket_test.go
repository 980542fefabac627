package socketio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"maska/socketio"
)

// Another implementation as the client: whatever it sends, in whatever pieces,
// comes back.
func TestEveryMessageOfAnotherImplementationComesBack(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{MaxQueueBytes: -1, MaxQueuePackets: -1}), nil)
	for _, compression := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionContextTakeover} {
		conn, res, err := websocket.Dial(within(t), "ws"+strings.TrimPrefix(h.base, "http")+"/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{CompressionMode: compression})
		if err != nil {
			t.Fatal(err)
		}
		if res.Body != nil {
			defer res.Body.Close()
		}
		if got := res.Header.Get("Sec-WebSocket-Extensions"); got != "" {
			t.Errorf("extensions %q were accepted", got)
		}
		conn.SetReadLimit(-1)
		ws := &socket{t, conn}
		parseOpen(t, ws.read())

		random := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same in every run
		sizes := []int{0, 1, 123, 124, 125, 126, 127, 4095, 4096, 16383, 16384, 16385, 65534, 65535, 65536, 65537, 999_999}
		for range 8 {
			sizes = append(sizes, random.IntN(70_000))
		}
		for _, size := range sizes {
			text := "4" + strings.Repeat("я", size/2) + strings.Repeat("x", size%2)
			ws.send(text)
			if got := ws.read(); got != text {
				t.Fatalf("text of %d bytes came back as %d", len(text), len(got))
			}
			data := make([]byte, size)
			for i := range data {
				data[i] = byte(random.Uint32()) //nolint:gosec // its low byte
			}
			w, err := conn.Writer(within(t), websocket.MessageBinary)
			must(err)
			for rest := data; len(rest) > 0; { // in frames of any size
				n := 1 + random.IntN(len(rest))
				_, err := w.Write(rest[:n])
				must(err)
				rest = rest[n:]
			}
			must(w.Close())
			if got := ws.read(); got != "b:"+string(data) {
				t.Fatalf("%d bytes came back as %d", size, len(got)-2)
			}
		}
		must(conn.Close(websocket.StatusNormalClosure, ""))
	}
}

// upgraded is a raw connection right after the open packet.
func (h *harness) upgraded(early ...byte) *rawSocket {
	h.t.Helper()
	conn := h.raw()
	_, err := fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n%s", early)
	must(err)
	r := &rawSocket{frames{conn}, conn}
	r.head()
	parseOpen(h.t, r.next())
	return r
}

type rawSocket struct {
	frames
	conn net.Conn
}

func TestUpgradeAnswersTheKey(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	conn := h.raw()
	_, err := fmt.Fprint(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n")
	must(err)
	got := (&frames{conn}).head()
	if !strings.HasPrefix(got, "HTTP/1.1 101 ") || !strings.Contains(got, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") || strings.Contains(got, "Protocol:") {
		t.Errorf("%q", got)
	}
}

// What the client sent together with its handshake is not lost.
func TestFramesSentAheadAreRead(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	r := h.upgraded(0x81, 0x82, 0, 0, 0, 0, '4', 'a', 0x81, 0x82, 0, 0, 0, 0, '4')
	if got := r.next(); got != "4a" {
		t.Errorf("%q", got)
	}
	_, err := r.conn.Write([]byte{'b'})
	must(err)
	if got := r.next(); got != "4b" {
		t.Errorf("%q", got)
	}
}

func TestAbuseIsAnsweredWithItsCloseCode(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{MaxPayload: 1000}), nil)
	for name, c := range map[string]struct {
		stream []byte
		code   uint16
	}{
		"unmasked":          {[]byte{0x81, 2, '4', 'x'}, 1002},
		"reserved bits":     {[]byte{0xF1, 0x80, 0, 0, 0, 0}, 1002},
		"unknown opcode":    {[]byte{0x83, 0x80, 0, 0, 0, 0}, 1002},
		"long control":      {[]byte{0x89, 0xFE, 0, 126, 0, 0, 0, 0}, 1002},
		"stray fragment":    {[]byte{0x80, 0x80, 0, 0, 0, 0}, 1002},
		"close of one byte": {[]byte{0x88, 0x81, 0, 0, 0, 0, 3}, 1002},
		"close with 1005":   {[]byte{0x88, 0x82, 0, 0, 0, 0, 3, 0xED}, 1002},
		"not UTF-8":         {[]byte{0x81, 0x82, 0, 0, 0, 0, '4', 0xFF}, 1007},
		"too big":           {[]byte{0x82, 0xFE, 0x03, 0xE9, 0, 0, 0, 0}, 1009},
		"too many pieces":   {append([]byte{0x01, 0x80, 0, 0, 0, 0}, bytes.Repeat([]byte{0x00, 0x80, 0, 0, 0, 0}, 1024)...), 1008},
		"close, echoed":     {[]byte{0x88, 0x82, 0, 0, 0, 0, 0x0F, 0xA0}, 4000},
		"empty close":       {[]byte{0x88, 0x80, 0, 0, 0, 0}, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.upgraded()
			_, err := r.conn.Write(c.stream)
			must(err)
			for {
				head := r.bytes(2)
				body := r.bytes(int(head[1] & 0x7F))
				if head[0] != 0x88 {
					continue // a ping
				}
				if code := binary.BigEndian.Uint16(body); code != c.code {
					t.Errorf("closed with %d, want %d", code, c.code)
				}
				if n, err := r.r.Read(make([]byte, 1)); err == nil {
					t.Errorf("%d bytes after the close frame", n)
				}
				return
			}
		})
	}
}
