package faultlab

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Kind says what an Event tells.
type Kind uint8

// The kinds of events, and which fields they have beside At and, of a device, Client.
const (
	Base    Kind = iota + 1 // before the load, Room has come to Seq
	Joined                  // Client may hear Room from now on
	Left                    // the server has confirmed that Client does not hear Room any more
	Opened                  // Client has a new connection, Session, to Node
	Sent                    // Client wants CID with Sum said in Room; written once, before the first try
	Acked                   // the server has acknowledged CID in Room as Seq
	Refused                 // the server has refused CID in Room for good, with Code
	Got                     // Session brought CID with Sum as Seq of Room; Asked if by an answer to sync or CONNECT
	Reset                   // Session told Client, who knew Room up to Rev, to forget it up to Seq
	Synced                  // Session told Client that this is all of Room up to Seq; Asked as in Got
	Delayed                 // the server has told Client, After so long, to send CID again later, with Code
	Settled                 // at the end, Client knows Room up to Seq
	Read                    // a page of Room, asked for at At, began at Seq and held Page; it was the newest
	Revoked                 // Client's session was ended; nothing may come After that
	Stored                  // the final read: Room has CID with Sum as Seq
	Head                    // the final read: Room has come to Seq, and changed itself last at Rev
	Fault                   // what was done to the system
)

var kindNames = [...]string{"", "base", "joined", "left", "opened", "sent", "acked", "refused", "got", "reset", "synced", "delayed", "settled", "read", "revoked", "stored", "head", "fault"}

// MarshalText gives the kind its name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(kindNames[k]), nil }

// UnmarshalText finds a kind by its name.
func (k *Kind) UnmarshalText(name []byte) error {
	i := slices.Index(kindNames[1:], string(name))
	if i < 0 {
		return fmt.Errorf("no kind of event: %q", name)
	}
	*k = Kind(i + 1) //nolint:gosec // an index of a short list
	return nil
}

// Event is one line of a history.
type Event struct {
	At      time.Duration `json:"at"` // since the history began
	Kind    Kind          `json:"kind"`
	Client  int           `json:"client,omitzero"`
	Session int           `json:"session,omitzero"`
	Node    int           `json:"node,omitzero"`
	Room    int64         `json:"room,omitzero"`
	Seq     int64         `json:"seq,omitzero"`
	Rev     int64         `json:"rev,omitzero"`
	CID     uuid.UUID     `json:"cid,omitzero"`
	Sum     uint32        `json:"sum,omitzero"` // of author and content
	Asked   bool          `json:"asked,omitzero"`
	After   time.Duration `json:"after,omitzero"`
	Code    string        `json:"code,omitzero"`
	Page    []Entry       `json:"page,omitzero"`
}

// Entry is a message on a page.
type Entry struct {
	Seq int64     `json:"seq"`
	CID uuid.UUID `json:"cid"`
	Sum uint32    `json:"sum"`
}

// History is what happened, in the order in which it was noticed: in memory, and line by line in a file.
type History struct {
	began time.Time

	mu     sync.Mutex
	events []Event
	file   *os.File
	lines  *bufio.Writer
	failed error
}

// NewHistory begins a history that is also written to a new file.
func NewHistory(path string) (*History, error) {
	file, err := os.Create(path) //nolint:gosec // a file of the run's own
	if err != nil {
		return nil, err
	}
	return &History{began: time.Now(), file: file, lines: bufio.NewWriterSize(file, 1<<20)}, nil
}

// Since tells how old the history is at a moment.
func (h *History) Since(at time.Time) time.Duration { return at.Sub(h.began) }

// Now is the age of the history.
func (h *History) Now() time.Duration { return time.Since(h.began) }

// Add writes an event down, now unless it has a time already.
func (h *History) Add(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.At == 0 {
		e.At = h.Now()
	}
	h.events = append(h.events, e)
	line, err := json.Marshal(e)
	if err == nil {
		_, err = h.lines.Write(append(line, '\n'))
	}
	h.failed = errors.Join(h.failed, err)
}

// Events is everything so far.
func (h *History) Events() []Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clip(h.events)
}

// Close ends the file.
func (h *History) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Join(h.failed, h.lines.Flush(), h.file.Close())
}

// ReadHistory reads the lines of a history's file.
func ReadHistory(r io.Reader) ([]Event, error) {
	var events []Event
	decoder := json.NewDecoder(r)
	for {
		var e Event
		switch err := decoder.Decode(&e); {
		case errors.Is(err, io.EOF):
			return events, nil
		case err != nil:
			return nil, fmt.Errorf("line %d of the history: %w", len(events)+1, err)
		}
		events = append(events, e)
	}
}
