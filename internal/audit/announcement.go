package audit

// Announcement is something about an account that other systems of the operator are told.
type Announcement struct {
	ID      int64
	Event   Event
	Account int64
	Tries   int // that were made
}

// Announced tells whether other systems are told of an event, and what they call it.
func (e Event) Announced() (name string, ok bool) {
	switch e {
	case UserCreated:
		return "user.created", true
	case AccountDisabled:
		return "user.disabled", true
	case AccountEnabled:
		return "user.enabled", true
	case AccountDeleted:
		return "user.deleted", true
	default:
		return "", false
	}
}
