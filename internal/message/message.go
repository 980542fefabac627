// Package message is what is said in rooms: checking it, storing it in order and exactly once, and
// reading it back.
package message

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"maska/internal/profile"
	"maska/internal/random"
	"maska/internal/room"
)

// CID is the sender's own id of a message, the key to "exactly once".
type CID = uuid.UUID

// NewCID draws the id of a message whose sender gave none.
func NewCID(random random.Source) CID {
	var id CID
	copy(id[:], random.Bytes(len(id)))
	id[6] = id[6]&0x0f | 0x40 // version 4 (RFC 9562, section 5.4)
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Message is something said in a room.
type Message struct {
	Room room.ID
	// Seq is its place in the room and never changes; Rev is the seq of its last change.
	Seq, Rev int64
	// AuthorID stays when the mask is erased; Author is nil then.
	AuthorID  profile.ID
	Author    *Author
	CID       CID
	Content   string
	CreatedAt time.Time
	EditedAt  time.Time // zero if it was never edited
}

// Author is what a message shows of the mask that said it.
type Author struct {
	ID       profile.ID
	Nickname string
	Color    int
}

// ID is the message's public id (decision 12).
func (m *Message) ID() string { return PublicID(m.Room, m.Seq) }

// PublicID is the public id of the message at a place in a room.
func PublicID(id room.ID, seq int64) string {
	return strconv.FormatInt(int64(id), 10) + "-" + strconv.FormatInt(seq, 10)
}
