package socketio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// separator stands between the packets of a polling payload.
const separator = 0x1E

// pollWrite is how long a client may take to read the answer to a poll.
const pollWrite = 30 * time.Second

// openPacket is the text of Engine.IO's open packet.
func (c *session) openPacket() string {
	cfg := &c.srv.cfg
	upgrades := []Transport{}
	if c.carrier.Load() == onPolling && cfg.offers(WebSocket) {
		upgrades = append(upgrades, WebSocket)
	}
	// Nothing in it can fail to be encoded.
	text, _ := json.Marshal(struct {
		SID          string      `json:"sid"`
		Upgrades     []Transport `json:"upgrades"`
		PingInterval int64       `json:"pingInterval"`
		PingTimeout  int64       `json:"pingTimeout"`
		MaxPayload   int         `json:"maxPayload"`
	}{c.sid, upgrades, cfg.PingInterval.Milliseconds(), cfg.PingTimeout.Milliseconds(), cfg.MaxPayload})
	return "0" + string(text)
}

// servePollingHandshake opens a session.
func (s *Server) servePollingHandshake(w http.ResponseWriter, r *http.Request) {
	c, refused := s.newSession(r, onPolling)
	if refused != admitted {
		refusedBy(refused).write(w)
		return
	}
	c.shard.post(post{op: opOpen, sess: c})
	c.readMu.Lock()
	c.app.open()
	c.readMu.Unlock()
	if writePayload(w, []*Packet{textPacket(c.openPacket())}) != nil {
		c.kill(transportError)
	}
}

// servePoll waits for packets and answers with all there are.
func (s *Server) servePoll(w http.ResponseWriter, r *http.Request, c *session) {
	if !c.polled.CompareAndSwap(false, true) {
		c.kill(transportError)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	// A server's timeouts are not meant for a poll, which may wait long: the one
	// for reading would look like a client that has gone. An error means that
	// there are none to lift.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})

	answer := make(chan []*Packet, 1)
	c.shard.post(post{op: opPoll, sess: c, poll: answer})
	select {
	case packets := <-answer:
		c.polled.Store(false)
		_ = control.SetWriteDeadline(time.Now().Add(pollWrite))
		if writePayload(w, packets) != nil {
			c.kill(transportError)
		}
	case <-r.Context().Done():
		c.kill(&ending{reason: ReasonTransportClose, poll: closePacket})
	}
}

// writePayload answers with packets.
func writePayload(w http.ResponseWriter, packets []*Packet) error {
	body := encodePayload(packets)
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body) //nolint:gosec // text/plain, and the caller's own session
	return err
}

// encodePayload joins packets as polling carries them.
func encodePayload(packets []*Packet) []byte {
	var b []byte
	for _, p := range packets {
		if p.text != nil {
			b = appendSeparated(b)
			b = append(b, p.text...)
		}
		for _, bin := range p.bins {
			b = append(appendSeparated(b), 'b')
			b = base64.StdEncoding.AppendEncode(b, bin)
		}
	}
	return b
}

func appendSeparated(b []byte) []byte {
	if len(b) > 0 {
		b = append(b, separator)
	}
	return b
}

// servePost takes a client's packets.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request, c *session) {
	status := s.post(w, r, c)
	if status != http.StatusOK {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", "2")
	_, _ = io.WriteString(w, "ok") // the peer is gone
}

// post reads and handles a POST and returns its status.
func (s *Server) post(w http.ResponseWriter, r *http.Request, c *session) int {
	if !c.posting.CompareAndSwap(false, true) {
		c.kill(transportError)
		return http.StatusBadRequest
	}
	defer c.posting.Store(false)

	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/octet-stream" {
		c.kill(transportError)
		return http.StatusBadRequest
	}
	body, err := s.readBody(w, r)
	_, tooBig := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooBig:
		c.kill(transportError)
		return http.StatusRequestEntityTooLarge
	case err != nil:
		c.kill(&ending{reason: ReasonTransportClose, poll: closePacket})
		return http.StatusBadRequest
	}

	err = c.payload(body)
	if err != nil {
		c.kill(endingFor(err))
		if !errors.Is(err, errClosed) {
			return http.StatusBadRequest
		}
	}
	return http.StatusOK
}

// readBody reads a POST's body, no more of it than allowed, and no longer than limitBody says.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > int64(s.cfg.MaxPayload) {
		return nil, &http.MaxBytesError{Limit: int64(s.cfg.MaxPayload)}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.cfg.MaxPayload)))
	if err == nil {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the handlers may take longer
	}
	return body, err
}

// payload handles the packets of a POST in order.
func (c *session) payload(body []byte) error {
	if !utf8.Valid(body) || exceeds(bytes.Count(body, []byte{separator})+1, c.srv.cfg.MaxPostPackets) {
		return errParse
	}
	c.readMu.Lock()
	defer c.readMu.Unlock()
	for p := range bytes.SplitSeq(body, []byte{separator}) {
		if c.ending.Load() != nil {
			return nil
		}
		if err := c.text(p); err != nil {
			return err
		}
	}
	return nil
}
