package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/testkit"
)

func fill(t testing.TB, db *testkit.Database, author profile.ID, contents ...string) {
	t.Helper()
	batch := make([]message.Pending, len(contents))
	for i, content := range contents {
		batch[i] = message.Pending{Room: room.Global, Author: author, CID: message.NewCID(dice), Content: content}
	}
	if _, err := db.Append(t.Context(), start, batch); err != nil {
		t.Fatal(err)
	}
}

func many(n int) []string {
	contents := make([]string, n)
	for i := range contents {
		contents[i] = fmt.Sprint(i + 1)
	}
	return contents
}

func globalRoom(t testing.TB, db *testkit.Database) room.Room {
	t.Helper()
	r, err := room.EnsureGlobal(t.Context(), db, dice, start)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func span(messages []message.Message) string {
	if len(messages) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d…%d", len(messages), messages[0].Seq, messages[len(messages)-1].Seq)
}

func TestPages(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		globalRoom(t, db)
		h := message.NewHistory(db)
		if p, err := h.Before(t.Context(), room.Global, 0, 50); err != nil || len(p.Items) != 0 || p.More || p.Head.Seq != 0 {
			t.Errorf("an empty room: %+v, %v", p, err)
		}
		fill(t, db, newActor(t, db.Store).Profile.ID, many(120)...)
		for _, test := range []struct {
			name string
			page func() (message.Page, error)
			want string
			more bool
		}{
			{"newest", func() (message.Page, error) { return h.Before(t.Context(), room.Global, 0, 50) }, "50 of 71…120", true},
			{"before 71", func() (message.Page, error) { return h.Before(t.Context(), room.Global, 71, 50) }, "50 of 21…70", true},
			{"the oldest, exactly", func() (message.Page, error) { return h.Before(t.Context(), room.Global, 51, 50) }, "50 of 1…50", false},
			{"before the first", func() (message.Page, error) { return h.Before(t.Context(), room.Global, 1, 50) }, "none", false},
			{"before the future", func() (message.Page, error) { return h.Before(t.Context(), room.Global, 1<<50, 50) }, "50 of 71…120", true},
			{"after 100", func() (message.Page, error) { return h.After(t.Context(), room.Global, 100, 10) }, "10 of 101…110", true},
			{"after 110", func() (message.Page, error) { return h.After(t.Context(), room.Global, 110, 10) }, "10 of 111…120", false},
			{"around 60", func() (message.Page, error) { return h.Around(t.Context(), room.Global, 60, 20) }, "20 of 51…70", true},
			{"around the last", func() (message.Page, error) { return h.Around(t.Context(), room.Global, 120, 20) }, "20 of 101…120", true},
		} {
			p, err := test.page()
			if err != nil || span(p.Items) != test.want || p.More != test.more || p.Head.Seq != 120 {
				t.Errorf("%s: %s, more %v, head %d, %v; want %s, more %v", test.name, span(p.Items), p.More, p.Head.Seq, err, test.want, test.more)
			}
		}
		if _, err := h.Before(t.Context(), 2, 0, 50); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("a room that does not exist: %v", err)
		}
	})
}

func TestCatchUpGivesTheRestOrAReset(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		epoch := globalRoom(t, db).Epoch
		author := newActor(t, db.Store).Profile.ID
		for range 6 {
			fill(t, db, author, many(200)...)
		}
		fill(t, db, author, many(50)...) // head 1250
		h := message.NewHistory(db)
		for _, test := range []struct {
			name        string
			after       int64
			epoch       string
			want        string
			more, reset bool
		}{
			{"nothing new", 1250, epoch, "none", false, false},
			{"one new", 1249, epoch, "1 of 1250…1250", false, false},
			{"without an epoch", 1249, "", "1 of 1250…1250", false, false},
			{"200 new", 1050, epoch, "200 of 1051…1250", false, false},
			{"201 new", 1049, epoch, "200 of 1050…1249", true, false},
			{"1,000 behind", 250, epoch, "200 of 251…450", true, false},
			{"1,001 behind", 249, epoch, "50 of 1201…1250", false, true},
			{"ahead of the room", 1251, epoch, "50 of 1201…1250", false, true},
			{"another epoch", 1249, "other", "50 of 1201…1250", false, true},
		} {
			got, err := h.Since(t.Context(), room.Global, test.after, test.epoch)
			if err != nil || span(got.Items) != test.want || got.More != test.more || got.Reset != test.reset || got.Head != (message.Head{Seq: 1250, Epoch: epoch}) {
				t.Errorf("%s: %s, more %v, reset %v, head %v, %v", test.name, span(got.Items), got.More, got.Reset, got.Head, err)
			}
			if (got.Room != nil) != test.reset {
				t.Errorf("%s: room %v", test.name, got.Room)
			}
		}
		if _, err := h.Since(t.Context(), room.Global, -1, epoch); errs.CodeOf(err) != errs.ValidationFailed {
			t.Errorf("after -1: %v", err)
		}
	})
}

func TestLongMessagesMakeAnswersShorter(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	globalRoom(t, db)
	long := make([]string, 30)
	for i := range long {
		long[i] = strings.Repeat("🦔", message.MaxContent) // 16,000 bytes
	}
	fill(t, db, newActor(t, db.Store).Profile.ID, long...)
	got, err := message.NewHistory(db).Since(t.Context(), room.Global, 0, "")
	if err != nil || span(got.Items) != "8 of 1…8" || !got.More {
		t.Errorf("%s, more %v, %v", span(got.Items), got.More, err)
	}
}

// Whatever pages are asked for between whatever writes, a client that follows the rules ends with
// every message once and in order.
func TestFollowingTheRulesLosesNothing(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	epoch := globalRoom(t, db).Epoch
	author := newActor(t, db.Store).Profile.ID
	h := message.NewHistory(db)
	written := 600
	fill(t, db, author, many(written)...)
	rapid.Check(t, func(r *rapid.T) {
		var seen []int64
		last := int64(written - rapid.IntRange(0, 500).Draw(r, "behind"))
		first := last
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			if rapid.Bool().Draw(r, "write") {
				n := rapid.IntRange(1, 5).Draw(r, "messages")
				fill(t, db, author, many(n)...)
				written += n
			}
			last = follow(t, h, last, epoch, &seen)
		}
		for last < int64(written) {
			last = follow(t, h, last, epoch, &seen)
		}
		for i, seq := range seen {
			if seq != first+int64(i)+1 {
				r.Fatalf("place %d holds %d", i, seq)
			}
		}
	})
}

func follow(t *testing.T, h *message.History, last int64, epoch string, seen *[]int64) int64 {
	got, err := h.Since(t.Context(), room.Global, last, epoch)
	if err != nil || got.Reset {
		t.Fatalf("catch-up: reset %v, %v", got.Reset, err)
	}
	for _, m := range got.Items {
		*seen = append(*seen, m.Seq)
	}
	if got.More {
		return got.Items[len(got.Items)-1].Rev
	}
	return got.Head.Seq
}

func TestTimesAreKeptToTheMillisecond(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		b := newBench(t, db.Store, func(c *message.Config) {
			c.Now = func() time.Time {
				return time.Date(2026, 11, 20, 23, 59, 59, 999_999_999, time.FixedZone("elsewhere", 3*3600))
			}
		})
		cid := message.NewCID(dice)
		first, err := b.sender.Send(t.Context(), b.actor, draft(t, "x", cid))
		if err != nil {
			t.Fatal(err)
		}
		again, err := b.sender.Send(t.Context(), b.actor, draft(t, "x", cid))
		if err != nil || again != first {
			t.Errorf("first %v, again %v, %v", first, again, err)
		}
		if got := first.CreatedAt.Format(time.RFC3339Nano); got != "2026-11-20T20:59:59.999Z" {
			t.Errorf("created at %s", got)
		}
	})
}
