package socketio

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
