// Package profile is the mask: the temporary identity that others see.
package profile

import (
	"time"

	"maska/internal/vault"
)

// ID is the random public id of a mask, 1 … 2^53−1.
type ID int64

// Profile is everything that others may learn about somebody.
type Profile struct {
	ID       ID
	Nickname string
	Color    int // hue of the mask and of the nickname, 0 … 11
	Bio      string
	// CreatedDay is a date at midnight UTC; masks carry no finer times.
	CreatedDay time.Time
}

// Actor is who acts in the chat: a mask, what it may do, and the key its limits are counted under.
// Chat code cannot reach the person from it.
type Actor struct {
	Profile  Profile
	Role     Role
	LimitKey vault.Tag
}

// Role is what a mask may do beyond talking.
type Role string

// The roles.
const (
	RoleUser      Role = "user"
	RoleModerator Role = "moderator"
	RoleAdmin     Role = "admin"
)
