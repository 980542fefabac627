package faultlab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"maska/internal/faultlab"
)

// recorded is the history of a short run in which nothing is broken.
func recorded(t *testing.T) []faultlab.Event {
	t.Helper()
	var history *faultlab.History
	quiet := faultlab.Scenario{
		ID: "none", Setup: faultlab.Setup{Nodes: 2, Redis: true, People: 8, Rooms: 2, Seats: 4, Global: 4, Pace: 5 * time.Millisecond, Churn: 100 * time.Millisecond},
		Break: func(ctx context.Context, l *faultlab.Lab, scale faultlab.Scale) error {
			history = l.History
			return l.Await(ctx, scale.Acked)
		},
	}
	report := run(t, quiet, faultlab.Scale{Acked: 1500, Limit: time.Minute})
	if report.Failed() {
		t.Fatalf("without any fault: %s", report)
	}
	return history.Events()
}

// The checker is worth what it finds: each bug is planted into a history that has none.
func TestEveryPlantedBugIsCaught(t *testing.T) {
	events := recorded(t)
	for name, bug := range map[string]struct {
		plant func(*plot)
		want  faultlab.Breach
	}{
		"a row that was acknowledged is dropped":     {func(p *plot) { p.drop(p.some(faultlab.Stored)) }, faultlab.Lost},
		"a row is inserted twice":                    {func(p *plot) { p.append(*p.some(faultlab.Stored)) }, faultlab.Duplicate},
		"a row takes a place that is taken":          {func(p *plot) { p.insert(faultlab.Event{Seq: p.some(faultlab.Stored).Seq, CID: p.stranger()}) }, faultlab.Duplicate},
		"a row nobody sent is inserted":              {func(p *plot) { p.append(faultlab.Event{CID: p.stranger()}) }, faultlab.Phantom},
		"two rows change places":                     {func(p *plot) { p.swapSeqs() }, faultlab.Inconsistent},
		"a number of the room is never used":         {func(p *plot) { p.forget(p.some(faultlab.Stored).CID) }, faultlab.Gap},
		"the room's counter runs ahead":              {func(p *plot) { p.some(faultlab.Head).Seq++ }, faultlab.Gap},
		"another text is stored":                     {func(p *plot) { p.some(faultlab.Stored).Sum++ }, faultlab.Mutated},
		"another text is delivered":                  {func(p *plot) { p.some(faultlab.Got).Sum++ }, faultlab.Mutated},
		"a message is missing from a session's list": {func(p *plot) { p.drop(p.some(faultlab.Got)) }, faultlab.Skip},
		"somebody never hears of the end":            {func(p *plot) { p.some(faultlab.Settled).Seq -= 3 }, faultlab.Skip},
		"a message is delivered twice":               {func(p *plot) { p.repeat(p.live()) }, faultlab.Duplicate},
		"two messages are delivered in wrong order":  {func(p *plot) { p.swapDeliveries() }, faultlab.Reorder},
		"a sender's messages are stored in disorder": {func(p *plot) { p.swapAcks() }, faultlab.Reorder},
		"an ack names another number":                {func(p *plot) { p.some(faultlab.Acked).Seq++ }, faultlab.Inconsistent},
		"an ack names a number that does not exist":  {func(p *plot) { p.drop(p.stored(p.some(faultlab.Acked).CID)) }, faultlab.Lost},
		"a message that is not stored is delivered":  {func(p *plot) { p.some(faultlab.Got).Seq += 1 << 20 }, faultlab.Phantom},
		"a message that was refused is stored":       {func(p *plot) { p.refuse(p.some(faultlab.Stored).CID) }, faultlab.Phantom},
		"a message reaches another room":             {func(p *plot) { p.misroute() }, faultlab.Leak},
		"a message reaches who is not in its room":   {func(p *plot) { p.some(faultlab.Got).Client = 4711 }, faultlab.Leak},
		"a message reaches who has left its room":    {func(p *plot) { p.leave(p.some(faultlab.Got)) }, faultlab.Leak},
		"a session hears on after its revocation":    {func(p *plot) { p.revoke(p.some(faultlab.Got)) }, faultlab.LateRevoked},
		"a read lacks what was acknowledged before":  {func(p *plot) { p.cutPage(func(n int) int { return n / 2 }) }, faultlab.Stale},
		"a read ends before what was acknowledged":   {func(p *plot) { p.cutPage(func(n int) int { return n - 1 }) }, faultlab.Stale},
	} {
		t.Run(name, func(t *testing.T) {
			p := &plot{t: t, events: slices.Clone(events)}
			bug.plant(p)
			if got := faultlab.Check(p.events); got.Breaches[bug.want] == 0 {
				t.Errorf("no %s is seen: %s", bug.want, got)
			}
		})
	}
	t.Run("an unknown outcome is no bug", func(t *testing.T) {
		p := &plot{t: t, events: slices.Clone(events)}
		cid := p.some(faultlab.Acked).CID
		p.events = slices.DeleteFunc(p.events, func(e faultlab.Event) bool { return e.Kind == faultlab.Acked && e.CID == cid })
		p.events = slices.Insert(p.events, 0, faultlab.Event{Kind: faultlab.Sent, Room: 1, CID: p.stranger()})
		if got := faultlab.Check(p.events); got.Broken() {
			t.Errorf("%s", got)
		}
	})
	t.Run("a history is read as it was written", func(t *testing.T) {
		var file bytes.Buffer
		for _, e := range events {
			if err := json.NewEncoder(&file).Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		read, err := faultlab.ReadHistory(&file)
		if err != nil {
			t.Fatal(err)
		}
		if one, other := faultlab.Check(events), faultlab.Check(read); one.String() != other.String() || one.Broken() {
			t.Errorf("%s\n%s", one, other)
		}
	})
}

// plot is a history into which a bug is planted.
type plot struct {
	t      *testing.T
	events []faultlab.Event
}

// some is an event of a kind from the middle of the history.
func (p *plot) some(kind faultlab.Kind) *faultlab.Event {
	p.t.Helper()
	return p.find(kind, func(e *faultlab.Event) bool {
		if kind == faultlab.Got || kind == faultlab.Settled { // of what everybody went on hearing
			return e.Room == 1 && e.Client == 1
		}
		return true
	})
}

func (p *plot) find(kind faultlab.Kind, is func(*faultlab.Event) bool) *faultlab.Event {
	p.t.Helper()
	var all []*faultlab.Event
	for i := range p.events {
		if e := &p.events[i]; e.Kind == kind && is(e) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		p.t.Fatal("the history has no such event")
	}
	return all[len(all)/2]
}

// live is a delivery that nobody had asked for.
func (p *plot) live() *faultlab.Event {
	return p.find(faultlab.Got, func(e *faultlab.Event) bool { return !e.Asked })
}

func (p *plot) stored(cid uuid.UUID) *faultlab.Event {
	return p.find(faultlab.Stored, func(e *faultlab.Event) bool { return e.CID == cid })
}

func (p *plot) stranger() uuid.UUID { return uuid.UUID{4711 % 256} }

func (p *plot) index(e *faultlab.Event) int {
	return slices.IndexFunc(p.events, func(other faultlab.Event) bool {
		return other.Kind == e.Kind && other.At == e.At && other.CID == e.CID && other.Client == e.Client && other.Room == e.Room
	})
}

func (p *plot) drop(e *faultlab.Event) {
	i := p.index(e)
	p.events = slices.Delete(p.events, i, i+1)
}

func (p *plot) repeat(e *faultlab.Event) { p.events = slices.Insert(p.events, p.index(e), *e) }

// insert adds a row to the global room, append adds it as the room's next.
func (p *plot) insert(e faultlab.Event) {
	e.Kind, e.Room = faultlab.Stored, 1
	p.events = append(p.events, e)
}

func (p *plot) append(e faultlab.Event) {
	head := p.find(faultlab.Head, func(e *faultlab.Event) bool { return e.Room == 1 })
	head.Seq++
	e.Seq = head.Seq
	p.insert(e)
}

func (p *plot) swapSeqs() {
	one := p.some(faultlab.Stored)
	other := p.find(faultlab.Stored, func(e *faultlab.Event) bool { return e.Room == one.Room && e.Seq == one.Seq+1 })
	one.CID, other.CID, one.Sum, other.Sum = other.CID, one.CID, other.Sum, one.Sum
}

// forget removes every trace of a message.
func (p *plot) forget(cid uuid.UUID) {
	p.events = slices.DeleteFunc(p.events, func(e faultlab.Event) bool { return e.CID == cid })
}

func (p *plot) swapDeliveries() {
	one := p.find(faultlab.Got, func(e *faultlab.Event) bool { return !e.Asked && e.Room == 1 && e.Client == 1 })
	other := p.find(faultlab.Got, func(e *faultlab.Event) bool {
		return !e.Asked && e.Room == 1 && e.Client == 1 && e.Session == one.Session && e.Seq == one.Seq+1
	})
	*one, *other = *other, *one
}

func (p *plot) swapAcks() {
	one := p.some(faultlab.Acked)
	other := p.find(faultlab.Acked, func(e *faultlab.Event) bool { return e.Client == one.Client && e.Room == one.Room && e.Seq > one.Seq })
	one.CID, other.CID, one.Seq, other.Seq = other.CID, one.CID, other.Seq, one.Seq
}

func (p *plot) refuse(cid uuid.UUID) {
	p.events = append(p.events, faultlab.Event{Kind: faultlab.Refused, Room: 1, CID: cid, Code: "forbidden"})
}

func (p *plot) misroute() {
	got := p.some(faultlab.Got)
	got.CID = p.find(faultlab.Sent, func(e *faultlab.Event) bool { return e.Room != got.Room }).CID
}

func (p *plot) leave(e *faultlab.Event) {
	p.events = slices.Insert(p.events, p.index(e), faultlab.Event{At: e.At, Kind: faultlab.Left, Client: e.Client, Room: e.Room})
}

func (p *plot) revoke(e *faultlab.Event) {
	p.events = slices.Insert(p.events, p.index(e), faultlab.Event{At: e.At - 1, Kind: faultlab.Revoked, Client: e.Client})
}

// cutPage takes an entry off a page that shows what had been acknowledged before it was asked for.
func (p *plot) cutPage(which func(n int) int) {
	acked := map[uuid.UUID]time.Duration{}
	for _, e := range p.events {
		if e.Kind == faultlab.Acked {
			acked[e.CID] = e.At
		}
	}
	page := p.find(faultlab.Read, func(e *faultlab.Event) bool {
		at, ok := acked[e.Page[which(len(e.Page))].CID]
		return len(e.Page) > 2 && ok && at < e.At
	})
	i := which(len(page.Page))
	page.Page = slices.Delete(slices.Clone(page.Page), i, i+1)
}

// A database that acknowledges before it writes loses what it acknowledged when it is killed. If the
// harness did not see it, it would see nothing.
//
// A kill takes what PostgreSQL has not handed to the system: the last page of its log, and young commits on it.
func TestACarelessDatabaseIsSeenToLose(t *testing.T) {
	careless := faultlab.Scenario{
		ID: "control", Setup: faultlab.KilledDatabase().Setup,
		Break: func(ctx context.Context, l *faultlab.Lab, scale faultlab.Scale) error {
			for range scale.Kills {
				if err := l.Await(ctx, l.Acked()+scale.Acked); err != nil {
					return err
				}
				if err := errors.Join(l.Postgres.Kill(), l.Postgres.Start(ctx)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	careless.Setup.Database = "&synchronous_commit=off"
	careless.Setup.Postgres = []string{"wal_writer_delay=10s", "wal_writer_flush_after=1GB"}
	report := run(t, careless, faultlab.Scale{Kills: 4, Acked: 250, Limit: time.Minute})
	if report.Verdict.Breaches[faultlab.Lost] == 0 {
		t.Errorf("nothing is seen to be lost: %s", report)
	}
}
