package faultlab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// take handles a packet of the server.
func (d *device) take(ctx context.Context, frame string, to target) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case frame == "2":
		return d.sock.write(ctx, "3")
	case strings.HasPrefix(frame, "40"):
		d.in = true
		if !d.lostAt.IsZero() {
			d.crowd.gaps.add(time.Since(d.lostAt))
		}
		d.crowd.counters.opened.Add(1)
		d.crowd.history.Add(Event{Kind: Opened, Client: d.id, Session: d.session, Node: d.node})
		for _, p := range d.places {
			p.enterBy = time.Now().Add(enterLimit)
		}
	case strings.HasPrefix(frame, "41"):
		return errors.New("disconnected by the server")
	case strings.HasPrefix(frame, "42"):
		_, name, payload, ok := parseEvent(frame)
		if !ok {
			d.crowd.unexpected.add("a malformed event")
			return nil
		}
		return d.event(name, payload)
	case strings.HasPrefix(frame, "43"):
		id, _, payload, ok := parseEvent(frame)
		c, known := d.asked[id]
		if !ok || !known {
			return nil // of an auth, or of a sync that was given up
		}
		delete(d.asked, id)
		if c.cid == uuid.Nil {
			return d.synced(c, payload)
		}
		return d.answered(c, payload, to)
	case strings.HasPrefix(frame, "44"):
		return d.turnedAway(strings.TrimPrefix(frame, "44"))
	}
	return nil
}

// refusal is what the server says about a failure.
type refusal struct {
	Event      string  `json:"event"`
	RoomID     int64   `json:"roomId"`
	Code       string  `json:"code"`
	RetryAfter float64 `json:"retryAfter"`
}

// patient tells of a code that it ends by itself.
func patient(code string) bool { return code == "unavailable" || code == "rate_limited" }

func (d *device) turnedAway(text string) error {
	var got struct {
		Data refusal `json:"data"`
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		return err
	}
	if patient(got.Data.Code) {
		return fmt.Errorf("not let in: %s", got.Data.Code)
	}
	return d.loggedOut(got.Data.Code)
}

// loggedOut is told by the server. Who was not revoked tries again.
func (d *device) loggedOut(code string) error {
	if d.revoked {
		d.overAt = d.crowd.history.Now()
		return errEnded
	}
	if code == "internal_error" || code == "internal" {
		d.crowd.counters.unexplained.Add(1)
	} else {
		d.crowd.counters.loggedOut.Add(1)
	}
	d.crowd.unexpected.add("CONNECT: " + code)
	return fmt.Errorf("logged out: %s", code)
}

func (d *device) event(name string, payload json.RawMessage) error {
	switch name {
	case "message":
		var m shownMessage
		if err := json.Unmarshal(payload, &m); err != nil {
			return err
		}
		if p := d.place(m.RoomID); p != nil {
			d.hear(p, &m, d.renewed)
			d.advance(p, m.Rev)
		}
	case "room":
		var change struct {
			RoomID int64 `json:"roomId"`
			Seq    int64 `json:"seq"`
		}
		if err := json.Unmarshal(payload, &change); err != nil {
			return err
		}
		if p := d.place(change.RoomID); p != nil {
			d.advance(p, change.Seq)
		}
	case "sync":
		return d.sync(payload, d.renewed)
	case "heads":
		var heads map[string]int64
		if err := json.Unmarshal(payload, &heads); err != nil {
			return err
		}
		for _, p := range d.places {
			p.seen = max(p.seen, heads[strconv.FormatInt(p.room, 10)])
		}
	case "error", "notice", "auth_error", "session_revoked", "auth_required":
		var r refusal
		if err := json.Unmarshal(payload, &r); err != nil {
			return err
		}
		return d.complaint(name, r)
	}
	return nil
}

// complaint handles what the server says without having been asked.
func (d *device) complaint(name string, r refusal) error {
	switch {
	case name == "auth_error" || name == "session_revoked":
		return d.loggedOut(r.Code)
	case name == "error" && r.Event == "sync" && patient(r.Code):
		for _, p := range d.places {
			if !p.entered || r.Code == "unavailable" {
				p.entered, p.enterBy = false, time.Now().Add(retrySync)
			}
		}
	default:
		d.crowd.counters.unexplained.Add(1)
		d.crowd.unexpected.add(name + " " + r.Event + ": " + r.Code)
	}
	return nil
}

// place finds the room of something that came. What comes of another room is written down: it should not.
func (d *device) place(room int64) *place {
	for _, p := range d.places {
		if p.room == room {
			return p
		}
	}
	p := &place{room: room}
	d.places = append(d.places, p)
	return p
}

// hear writes a message down. Of an answer only what is new counts.
func (d *device) hear(p *place, m *shownMessage, asked bool) {
	if asked && m.Rev <= p.last {
		return
	}
	d.crowd.history.Add(Event{
		Kind: Got, Client: d.id, Session: d.session, Room: p.room, Seq: m.Seq, CID: m.CID, Sum: sumOf(m.UserID, m.Content), Asked: asked,
	})
}

// advance applies the next change of a room, and notices a hole before it.
func (d *device) advance(p *place, seq int64) {
	switch {
	case seq == p.last+1:
		p.last = seq
	case seq > p.last:
		if p.seen <= p.last {
			d.crowd.counters.holes.Add(1)
		}
		p.seen = max(p.seen, seq)
	}
}

// synced takes the answer to a sync.
func (d *device) synced(c call, payload json.RawMessage) error {
	c.place.asking, d.unanswered = false, 0
	var got struct {
		Error *refusal `json:"error"`
	}
	if err := json.Unmarshal(payload, &got); err != nil {
		return err
	}
	if got.Error != nil {
		if !patient(got.Error.Code) {
			d.crowd.counters.unexplained.Add(1)
			d.crowd.unexpected.add("sync: " + got.Error.Code)
		}
		c.place.askAt = time.Now().Add(retrySync)
		return nil
	}
	return d.sync(payload, true)
}

func (d *device) sync(payload json.RawMessage, asked bool) error {
	var s struct {
		RoomID int64          `json:"roomId"`
		After  int64          `json:"after"`
		Items  []shownMessage `json:"items"`
		Head   int64          `json:"head"`
		Epoch  string         `json:"epoch"`
		More   bool           `json:"more"`
		Reset  bool           `json:"reset"`
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return err
	}
	p := d.place(s.RoomID)
	if s.Reset {
		before := s.Head
		if len(s.Items) > 0 {
			before = s.Items[0].Seq - 1
		}
		d.crowd.history.Add(Event{Kind: Reset, Client: d.id, Session: d.session, Room: p.room, Seq: before, Rev: p.last})
		p.last, p.seen = 0, 0
	}
	if s.After > p.last { // it repairs the room for those who know more
		p.seen = max(p.seen, s.Head)
		return nil
	}
	for i := range s.Items {
		// What comes behind the sync of entering may repeat some of it: the node may be behind the store.
		d.hear(p, &s.Items[i], asked || !p.entered)
	}
	upTo := s.Head
	if s.More {
		p.seen = max(p.seen, s.Head)
		upTo = s.Items[len(s.Items)-1].Rev
	}
	d.crowd.history.Add(Event{Kind: Synced, Client: d.id, Session: d.session, Node: d.node, Room: p.room, Seq: upTo, Asked: asked || !p.entered})
	p.last, p.epoch, p.entered = max(p.last, upTo), s.Epoch, true
	return nil
}

// answered takes the answer to a message.
func (d *device) answered(c call, payload json.RawMessage, to target) error {
	d.unanswered = 0
	var got struct {
		ID    string   `json:"id"`
		Seq   int64    `json:"seq"`
		Error *refusal `json:"error"`
	}
	if err := json.Unmarshal(payload, &got); err != nil {
		return err
	}
	p := c.place
	waiting := p.out != nil && p.out.cid == c.cid
	if got.Error != nil {
		d.denied(c, *got.Error, waiting)
		return nil
	}
	now := d.crowd.history.Now()
	d.crowd.history.Add(Event{At: now, Kind: Acked, Client: d.id, Session: d.session, Node: d.node, Room: p.room, CID: c.cid, Seq: got.Seq})
	to.lastAck.Store(int64(now))
	if waiting {
		d.crowd.counters.acked.Add(1)
		p.out = nil
		p.nextAt = time.Now().Add(time.Duration(float64(d.crowd.pace.Load()) * (0.5 + d.rng.Float64())))
	}
	return nil
}

func (d *device) denied(c call, r refusal, waiting bool) {
	if patient(r.Code) {
		d.crowd.counters.refused.Add(1)
		took := time.Since(c.at)
		if !c.early {
			d.crowd.refusals.add(took)
		}
		d.crowd.history.Add(Event{Kind: Delayed, Client: d.id, Session: d.session, Node: d.node, Room: c.place.room, CID: c.cid, After: took, Code: r.Code})
		if waiting {
			wait := time.Duration(max(r.RetryAfter, 0.1) * (0.25 + 0.75*d.rng.Float64()) * float64(time.Second))
			c.place.out.tried, c.place.out.due = false, time.Now().Add(wait)
		}
		return
	}
	d.crowd.counters.unexplained.Add(1)
	d.crowd.unexpected.add("message: " + r.Code)
	d.crowd.history.Add(Event{Kind: Refused, Client: d.id, Room: c.place.room, CID: c.cid, Code: r.Code})
	if waiting {
		c.place.out = nil
	}
}
