package socketio

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 wants it, not for security
	"encoding/base64"
	"net/http"
	"time"
)

// serveUpgrade opens a WebSocket: for a new session, or (c not nil) for one
// that polls.
func (s *Server) serveUpgrade(w http.ResponseWriter, r *http.Request, c *session) {
	accept, ok := acceptKey(r)
	if !ok {
		w.Header().Set("Sec-WebSocket-Version", "13")
		badRequest.writePlain(w)
		return
	}
	if r.ProtoMajor != 1 {
		badRequest.writePlain(w)
		return
	}
	opening, probing := c == nil, false
	if opening {
		var refused admission
		if c, refused = s.newSession(r, onWebSocket); refused != admitted {
			refusedBy(refused).writePlain(w)
			return
		}
	} else {
		probing = c.carrier.CompareAndSwap(onPolling, onProbe)
	}

	hello := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n")
	switch {
	case opening:
		hello = append(hello, textPacket(c.openPacket()).frame...)
	case !probing: // the session has its WebSocket, or is about to
		hello = append(hello, closeFrame(codeNormal, "")...)
	}
	l, early, err := s.hijack(w, hello)
	switch {
	case opening:
		c.shard.post(post{op: opOpen, sess: c, link: l})
	case probing && err == nil:
		c.shard.post(post{op: opProbing, sess: c, link: l})
	case probing:
		c.carrier.CompareAndSwap(onProbe, onPolling)
	}
	if err != nil {
		if opening {
			c.kill(transportError)
		}
		return
	}
	rd := &reader{srv: s, link: l, sess: c, probing: probing, frames: frameReader{max: s.cfg.MaxPayload}}
	s.live.add()
	if !opening && !probing {
		l.closeWrite()
		go rd.discard()
		return
	}
	// A goroutine of its own, so that net/http's, with its stack and buffers,
	// can go.
	go rd.run(early)
}

// hijack takes the connection over, says hello, and returns what had been read
// ahead.
func (s *Server) hijack(w http.ResponseWriter, hello []byte) (*link, []byte, error) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return nil, nil, err
	}
	early, err := buffered.Peek(buffered.Reader.Buffered())
	early = bytes.Clone(early)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(s.cfg.WriteStall))
	}
	if err == nil {
		_, err = conn.Write(hello)
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return &link{conn: conn, raw: rawConn(conn)}, early, nil
}

// acceptKey checks a client's handshake and returns the answer to its key (RFC
// 6455, 4.2).
func acceptKey(r *http.Request) (string, bool) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if raw, err := base64.StdEncoding.DecodeString(key); err != nil || len(raw) != 16 || r.Header.Get("Sec-WebSocket-Version") != "13" {
		return "", false
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:]), true
}
