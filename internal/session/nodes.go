package session

import "maska/internal/account"

// WhenChanged sets who tells the other nodes to drop what they remember of an account, after the commit. Set
// it before the service is used.
func (s *Service) WhenChanged(tell func(account.ID)) { s.changed = tell }

// Forget drops what is cached of sessions that ended on another node. DropAccount does so for an account.
func (s *Service) Forget(sessions []string) {
	for _, id := range sessions {
		s.cache.drop(id)
	}
}
