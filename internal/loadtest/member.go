package loadtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// room is a room of the run.
type room struct {
	book    book
	index   int
	id      int64 // the server's
	members []*member
	turn    atomic.Int64 // whose it is, in an open loop
	head    string       // what a message's JSON begins with
	tail    string       // what follows its tag
}

// member is one connection in one room.
type member struct {
	run       *run
	room      *room
	index     int // in the room
	wire      *wire
	receiver  receiver
	delivered atomic.Int64
	left      atomic.Bool
}

// scratch holds what a message is put together in.
type scratch struct{ text, frame []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// send says message n of the room.
func (m *member) send(n int64) error {
	s := scratches.Get().(*scratch) //nolint:forcetypeassert // nothing else is put there
	defer scratches.Put(s)
	t := tag{run: m.run.id, room: m.room.index, n: n}
	s.text = strconv.AppendInt(append(s.text[:0], '4', '2'), n, 10)
	s.text = t.append(append(s.text, m.room.head...))
	s.text = append(s.text, m.room.tail...)
	if m.run.cfg.Bare {
		s.text = strconv.AppendInt(append(s.text, `","userId":`...), int64(m.room.index*len(m.room.members)+m.index+1), 10)
	} else {
		s.text = append(t.appendCID(append(s.text, `","cid":"`...)), '"')
	}
	s.text = append(s.text, '}', ']')
	s.frame = appendFrame(s.frame[:0], opText, s.text)
	return m.wire.write(s.frame)
}

// listen handles what comes until the connection ends.
func (m *member) listen() {
	for {
		text, err := m.wire.next()
		if err == nil {
			err = m.handle(text, m.wire.readAt.Sub(m.run.start))
		}
		if err != nil {
			m.run.lost(m, err)
			return
		}
	}
}

func (m *member) handle(text []byte, at time.Duration) error {
	switch {
	case bytes.HasPrefix(text, []byte(messageEvent)):
		return m.deliver(text[len(messageEvent):], at)
	case bytes.HasPrefix(text, []byte("43")):
		return m.acknowledged(text[2:], at)
	case len(text) == 1 && text[0] == '2':
		return m.wire.write(pongFrame)
	case bytes.HasPrefix(text, []byte(`42["sync",`)):
		return m.caughtUp(text[len(`42["sync",`):len(text)-1], at)
	case bytes.HasPrefix(text, []byte("41")):
		return errDisconnected
	}
	return nil // presence, heads and the like
}

// deliver checks a message that came.
func (m *member) deliver(payload []byte, at time.Duration) error {
	t, ok := findTag(payload)
	if !ok || t.run != m.run.id {
		return nil // somebody else's
	}
	number, ok := numberOf(payload)
	if !ok {
		return fmt.Errorf("a message does not begin with its id: %.80s", payload)
	}
	if t.room != m.room.index {
		m.receiver.faults.Misrouted++
		return nil
	}
	e := m.receiver.take(t.n, number)
	if e == nil {
		return nil
	}
	m.delivered.Add(1)
	m.run.record(m.run.deliveries, m, e, at)
	if e.done() {
		m.run.complete(m.room, e)
	}
	return nil
}

// caughtUp takes the messages that the server read from its store because it had missed them.
func (m *member) caughtUp(payload []byte, at time.Duration) error {
	var got struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(payload, &got); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	for _, item := range got.Items {
		if err := m.deliver(item, at); err != nil {
			return err
		}
	}
	return nil
}

// acknowledged takes the answer to a message: its index, then [{…}].
func (m *member) acknowledged(text []byte, at time.Duration) error {
	n, _ := leadingNumber(text)
	e := m.room.book.at(n)
	_, answer, ok := bytes.Cut(text, []byte("["))
	if e == nil || !ok {
		return fmt.Errorf("an ack nobody waits for: %.80s", text)
	}
	if !e.answered.CompareAndSwap(false, true) {
		return fmt.Errorf("a second ack: %.80s", text)
	}
	if bytes.HasPrefix(answer, []byte(`{"error"`)) {
		m.run.refused(m, e, readRefusal(answer).Error())
		return nil
	}
	e.stored.Store(true)
	m.run.record(m.run.acks, m, e, at)
	if m.run.measuring(at) {
		m.run.acked.Add(1)
	}
	if e.done() {
		m.run.complete(m.room, e)
	}
	return nil
}
