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
