package session

// Forget drops what is cached of sessions that ended on another node. DropAccount does so for an account.
func (s *Service) Forget(sessions []string) {
	for _, id := range sessions {
		s.cache.drop(id)
	}
}
