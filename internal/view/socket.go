package view

import (
	"math"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/message"
	"maska/internal/room"
)

// GlobalRoom is the name by which joined calls the global room after sign-in.
const GlobalRoom = "global"

// Joined tells what was joined: GlobalRoom, or the number of a room.
type Joined struct {
	Room any `json:"room"`
}

// Welcome acknowledges auth.
type Welcome struct {
	Profile Profile `json:"profile"`
	Rooms   []Room  `json:"rooms"`
}

// Entered acknowledges join.
type Entered struct {
	Room  Room   `json:"room"`
	Head  int64  `json:"head"`
	Epoch string `json:"epoch"`
}

// Sync brings a room up to Head: the answer to the event sync and the event itself.
type Sync struct {
	RoomID int64     `json:"roomId"`
	After  int64     `json:"after"` // who knows less has a hole before Items; 0 with Reset
	Items  []Message `json:"items"`
	Room   *Room     `json:"room,omitzero"`   // when the room itself changed, and with Reset
	People []Profile `json:"people,omitzero"` // its members, with the Room of a small room
	Head   int64     `json:"head"`
	Epoch  string    `json:"epoch"`
	More   bool      `json:"more"`           // Items end before Head; ask again from the last one's rev
	Reset  bool      `json:"reset,omitzero"` // forget everything, start with Items
}

// NewSync shows a catch-up; online is used where the room is shown.
func NewSync(id room.ID, c message.CatchUp, online int) Sync {
	s := Sync{
		RoomID: int64(id), After: c.After, Items: NewMessages(c.Items), Head: c.Head.Seq, Epoch: c.Head.Epoch, More: c.More, Reset: c.Reset,
	}
	if c.Room != nil {
		r := NewRoom(c.Room.Room, online)
		s.Room = &r
		if c.Room.Kind != room.KindGlobal {
			s.People = Profiles(c.Room.People)
		}
	}
	return s
}

// EncodedSync is a Sync of messages that are JSON already.
type EncodedSync struct {
	RoomID int64            `json:"roomId"`
	After  int64            `json:"after"`
	Items  []jsontext.Value `json:"items"`
	Head   int64            `json:"head"`
	Epoch  string           `json:"epoch"`
	More   bool             `json:"more"`
}

// Left acknowledges leave.
type Left struct {
	RoomID int64 `json:"roomId"`
}

// Out tells a socket that it hears a room no more: why, and which one.
type Out struct {
	RoomID int64 `json:"roomId"`
	Refusal
}

// Read acknowledges read.
type Read struct {
	RoomID int64 `json:"roomId"`
	Seq    int64 `json:"seq"`
}

// Heads tells how far rooms have come: the seq by the room's number.
type Heads map[string]int64

// Presence tells how many are online in a room.
type Presence struct {
	RoomID int64 `json:"roomId"`
	Online int   `json:"online"`
}

// Mask tells that the socket acts under another mask, or that the mask looks different.
type Mask struct {
	Profile Profile `json:"profile"`
}

// Refusal is why something was refused, for programs and for people.
type Refusal struct {
	Code       string  `json:"code"`
	Message    string  `json:"message"`
	RetryAfter int     `json:"retryAfter,omitzero"` // seconds
	Errors     []Field `json:"errors,omitzero"`
}

// Field is one thing wrong with one field of a request.
type Field struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Refused acknowledges an event that failed.
type Refused struct {
	Error Refusal `json:"error"`
}

// Error tells that an event failed that asked for no ack.
type Error struct {
	Event string `json:"event"`
	Refusal
}

// unavailableRetry is said when nothing better is known (guarantee G10: at most 2 s).
const unavailableRetry = 2 * time.Second

// NewRefusal shows an error in a language; of errors without a code nothing is shown.
func NewRefusal(err error, lang locale.Lang) Refusal {
	e := errs.From(err)
	if e.Code == errs.Unavailable && e.RetryAfter == 0 {
		e = errs.New(errs.Unavailable)
		e.RetryAfter = unavailableRetry
	}
	r := Refusal{Code: string(e.Code), Message: e.Code.Text(lang), RetryAfter: Seconds(e.RetryAfter)}
	for _, f := range e.Fields {
		r.Errors = append(r.Errors, Field{Field: f.Field, Code: string(f.Code), Message: f.Code.Text(lang)})
	}
	return r
}

// Seconds rounds a time to wait up.
func Seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
