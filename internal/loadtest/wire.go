package loadtest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// readBuffer holds what one read takes; it grows for a larger message, up to maxMessage.
	readBuffer = 8 << 10
	maxMessage = 1 << 20

	handshakeLimit = 20 * time.Second
)

// WebSocket opcodes (RFC 6455, section 5.2).
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// wire is one WebSocket connection that carries Engine.IO text. It understands what a Socket.IO
// server sends and no more, so that the program that measures costs less than the one measured. It
// is read by one goroutine; write may be called by any.
type wire struct {
	conn   net.Conn
	buf    []byte
	at     int       // where the unread part of buf starts
	end    int       // and ends
	readAt time.Time // of the bytes last read
}

// dial connects and upgrades. The address is that of the server, http or https.
func dial(ctx context.Context, server *url.URL) (*wire, error) {
	conn, err := connect(ctx, server)
	if err != nil {
		return nil, err
	}
	w := &wire{conn: conn, buf: make([]byte, readBuffer)}
	if err := w.upgrade(server); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return w, nil
}

func connect(ctx context.Context, server *url.URL) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: handshakeLimit}
	if server.Scheme == "https" {
		return (&tls.Dialer{NetDialer: dialer, Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", hostPort(server, "443"))
	}
	return dialer.DialContext(ctx, "tcp", hostPort(server, "80"))
}

func hostPort(server *url.URL, standard string) string {
	if server.Port() == "" {
		return net.JoinHostPort(server.Hostname(), standard)
	}
	return server.Host
}

func (w *wire) upgrade(server *url.URL) error {
	if err := w.conn.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return err
	}
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return err
	}
	key := base64.StdEncoding.EncodeToString(nonce[:])
	if _, err := fmt.Fprintf(w.conn, "GET %s/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Accept-Language: en\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", strings.TrimSuffix(server.EscapedPath(), "/"), server.Host, key); err != nil {
		return err
	}
	reader := bufio.NewReaderSize(w.conn, readBuffer)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		return fmt.Errorf("upgrade: %w", err)
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("upgrade: the server answered %s", answer.Status)
	}
	// The first frame may have come with the answer.
	early, err := reader.Peek(reader.Buffered())
	w.end = copy(w.buf, early)
	return err
}

func (w *wire) close() error { return w.conn.Close() }

// next returns the next text message; it is valid until the next call.
func (w *wire) next() ([]byte, error) {
	for {
		frame, opcode, ok, err := w.frame()
		switch {
		case err != nil:
			return nil, err
		case !ok:
			if err := w.fill(); err != nil {
				return nil, err
			}
		case opcode == opText:
			return frame, nil
		case opcode == opPing:
			if err := w.write(appendFrame(nil, opPong, frame)); err != nil {
				return nil, err
			}
		case opcode == opClose:
			return nil, closeError(frame)
		}
	}
}

func closeError(payload []byte) error {
	if len(payload) < 2 {
		return errors.New("closed by the server")
	}
	return fmt.Errorf("closed by the server: %d %s", binary.BigEndian.Uint16(payload), payload[2:])
}

// frame takes a whole frame out of the buffer, if there is one.
func (w *wire) frame() (payload []byte, opcode byte, ok bool, err error) {
	b := w.buf[w.at:w.end]
	if len(b) < 2 {
		return nil, 0, false, nil
	}
	opcode = b[0] & 0x0F
	if b[0]&0xF0 != 0x80 || b[1]&0x80 != 0 || opcode != opText && opcode < opClose {
		return nil, 0, false, fmt.Errorf("a frame this client does not take: % x", b[:2])
	}
	size, header := uint64(b[1]), 2
	switch {
	case size == 126 && len(b) >= 4:
		size, header = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case size == 127 && len(b) >= 10:
		size, header = binary.BigEndian.Uint64(b[2:]), 10
	case size >= 126:
		return nil, 0, false, nil
	}
	if size > maxMessage {
		return nil, 0, false, fmt.Errorf("a message of %d bytes", size)
	}
	total := header + int(size)
	if len(b) < total {
		w.reserve(total)
		return nil, 0, false, nil
	}
	w.at += total
	return b[header:total], opcode, true, nil
}

// reserve makes room for a message of that size at the present place.
func (w *wire) reserve(size int) {
	if w.at+size <= len(w.buf) {
		return
	}
	into := w.buf
	if size > len(w.buf) {
		into = make([]byte, size+readBuffer)
	}
	w.end = copy(into, w.buf[w.at:w.end])
	w.buf, w.at = into, 0
}

func (w *wire) fill() error {
	if w.at == w.end {
		w.at, w.end = 0, 0
	} else if w.end == len(w.buf) {
		w.reserve(len(w.buf)) // only moves what is left to the front
	}
	n, err := w.conn.Read(w.buf[w.end:])
	w.readAt = time.Now()
	w.end += n
	if n > 0 {
		return nil
	}
	return err
}

func (w *wire) write(frame []byte) error {
	_, err := w.conn.Write(frame)
	return err
}

// appendFrame adds a client's frame. Its mask is zero: masking protects proxies from hostile pages,
// and here it would only make the measuring program work.
func appendFrame(b []byte, opcode byte, payload []byte) []byte {
	b = append(b, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

func (w *wire) writeText(text []byte) error { return w.write(appendFrame(nil, opText, text)) }

// pongFrame answers Engine.IO's ping.
var pongFrame = appendFrame(nil, opText, []byte("3"))

// enter joins the main namespace: Engine.IO open, CONNECT with the token if there is one, and its answer.
func (w *wire) enter(token string) error {
	if err := w.await([]byte("0{")); err != nil {
		return err
	}
	connect := []byte("40")
	if token != "" {
		auth, err := json.Marshal(map[string]string{"token": token})
		if err != nil {
			return err
		}
		connect = append(connect, auth...)
	}
	if err := w.writeText(connect); err != nil {
		return err
	}
	return w.await([]byte("40"))
}

// await reads until a message begins so. Whatever else comes is left unread, but pings are answered and a refusal ends it.
func (w *wire) await(prefix []byte) error {
	for {
		text, err := w.next()
		switch {
		case err != nil:
			return err
		case bytes.HasPrefix(text, prefix):
			return nil
		case len(text) == 1 && text[0] == '2':
			if err := w.write(pongFrame); err != nil {
				return err
			}
		case bytes.HasPrefix(text, []byte("44")), bytes.HasPrefix(text, []byte(`42["error"`)), bytes.HasPrefix(text, []byte(`42["auth_error"`)):
			return fmt.Errorf("refused: %w", readRefusal(text))
		}
	}
}

// ready ends the handshake: from now on a read waits as long as it takes.
func (w *wire) ready() error { return w.conn.SetDeadline(time.Time{}) }
