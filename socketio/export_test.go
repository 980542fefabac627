package socketio

import (
	"fmt"
	"strings"
)

// Parked reports whether a poll of that session waits.
func (s *Server) Parked(sid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.sessions[sid]
	return c != nil && c.polled.Load()
}

// Posting reports whether a POST of that session is being read.
func (s *Server) Posting(sid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.sessions[sid]
	return c != nil && c.posting.Load()
}

// Probing reports whether a WebSocket probes that session.
func (s *Server) Probing(sid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.sessions[sid]
	return c != nil && c.carrier.Load() == onProbe
}

// DecodedForTest is a decoded packet.
type DecodedForTest struct {
	Kind        int
	Namespace   string
	Ack         int64
	Attachments int
	Data        string
}

// DecodeForTest decodes a packet as a session does.
func DecodeForTest(text string) (DecodedForTest, bool) {
	p, err := decodePacket([]byte(text), maxAttachments)
	return DecodedForTest{int(p.kind - '0'), p.namespace(), p.ack, p.attachments, string(p.data)}, err == nil
}

// Leftovers tells what the server still holds, "" for nothing. Nobody may use it
// any more.
func (s *Server) Leftovers() string {
	var left []string
	note := func(what string, n int) {
		if n > 0 {
			left = append(left, fmt.Sprint(n, " ", what))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	note("sessions", len(s.sessions))
	if s.cfg.HandshakeRate <= 0 {
		note("peers", len(s.peers))
	}
	for _, sh := range s.shards {
		note("timers", len(sh.timers.heap))
		note("dirty sessions", len(sh.dirty))
		note("nodes", len(sh.nodes)-1)
	}
	for _, n := range s.namespaces {
		note("rooms", len(n.rooms))
		if n.rec != nil {
			note("live sockets", len(n.rec.live))
		}
	}
	st := []int64{}
	for _, sh := range s.shards {
		st = append(st, sh.queueBytes.Load(), sh.queuePackets.Load(), sh.pollSessions.Load(), sh.wsSessions.Load())
	}
	for _, n := range st {
		if n != 0 {
			left = append(left, fmt.Sprint("statistics ", st))
			break
		}
	}
	return strings.Join(left, ", ")
}
