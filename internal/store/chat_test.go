package store_test

import (
	cryptorand "crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/random"
	"maska/internal/room"
	"maska/internal/store"
	"maska/internal/testkit"
	"maska/internal/testkit/testdb"
	"maska/internal/vault"
)

var (
	dice  = random.New(cryptorand.Reader)
	start = time.Date(2026, 11, 20, 10, 0, 0, 123_000_000, time.UTC)
)

// database is one database that several stores can be opened on, as several nodes do.
type database struct {
	*store.Store
	open func() *store.Store
	raw  *sql.DB // for what no method of the store does yet
}

func eachDatabase(t *testing.T, test func(t *testing.T, db database)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, sqliteDatabase(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, postgresDatabase(t))
	})
}

func sqliteDatabase(t testing.TB) database {
	t.Helper()
	path := testdb.SQLite(t)
	db := database{open: func() *store.Store {
		s, err := store.OpenSQLite(t.Context(), path)
		return opened(t, s, err)
	}}
	db.Store, db.raw = db.open(), rawDatabase(t, "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func postgresDatabase(t testing.TB) database {
	t.Helper()
	url := testkit.PostgresURL(t)
	db := database{open: func() *store.Store {
		s, err := store.OpenPostgres(t.Context(), url)
		return opened(t, s, err)
	}}
	db.Store, db.raw = db.open(), rawDatabase(t, "pgx", url)
	return db
}

func opened(t testing.TB, s *store.Store, err error) *store.Store {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func rawDatabase(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	raw, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	})
	return raw
}

func (db database) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := db.raw.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// mask adds a worn mask with a nickname of its own.
func (db database) mask(t testing.TB) profile.ID {
	t.Helper()
	id := profile.ID(dice.ID())
	name := fmt.Sprintf("Mask %d", id)
	ok, err := db.Profiles().Insert(t.Context(), profile.Row{
		ID: id, OwnerTag: vault.Tag(dice.Bytes(32)), Escrow: []byte{1}, Nickname: name, NicknameKey: name,
		Seed: "seed", Color: 7, Day: profile.DayOf(start),
	})
	if err != nil || !ok {
		t.Fatalf("insert a mask: %v, %v", ok, err)
	}
	return id
}

func (db database) room(t testing.TB, id room.ID) {
	t.Helper()
	err := db.EnsureRoom(t.Context(), room.Room{
		ID: id, Kind: room.KindGlobal, Title: "Open to every mask", Visibility: room.Public,
		Epoch: room.NewEpoch(dice), FirstSeq: 1, CreatedAt: start,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (db database) append(t testing.TB, batch ...message.Pending) []message.Outcome {
	t.Helper()
	outcomes, err := db.Append(t.Context(), start, batch)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != len(batch) {
		t.Fatalf("%d outcomes for %d messages", len(outcomes), len(batch))
	}
	return outcomes
}

func pending(id room.ID, author profile.ID, content string) message.Pending {
	return message.Pending{Room: id, Author: author, CID: message.NewCID(dice), Hash: message.Hash(dice.Bytes(message.HashSize)), Content: content}
}

func seqsOf(messages []message.Message) string {
	var b strings.Builder
	for _, m := range messages {
		fmt.Fprintf(&b, "%d/%d ", m.Seq, m.Rev)
	}
	return strings.TrimSpace(b.String())
}

func TestTheFirstStartMakesTheGlobalRoom(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		first, err := room.EnsureGlobal(t.Context(), db, dice, start)
		if err != nil {
			t.Fatal(err)
		}
		second, err := room.EnsureGlobal(t.Context(), db.open(), dice, start.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if first != second {
			t.Errorf("another start changed the room:\n%+v\n%+v", first, second)
		}
		if first.Epoch == "" || first.Head != 0 || first.Kind != room.KindGlobal || !first.CreatedAt.Equal(start) {
			t.Errorf("room = %+v", first)
		}
		if _, err := db.Room(t.Context(), 2); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("a room that does not exist: %v", err)
		}
	})
}

func TestAMessageIsReadBackAsItWasStored(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		who := db.mask(t)
		p := pending(5, who, "Ёж, 刺猬 🦔\nsecond line; '\"\\ %s $1")
		stored := db.append(t, p)[0]
		if want := (message.Outcome{Status: message.Stored, Seq: 1, Hash: p.Hash, CreatedAt: start}); stored != want {
			t.Errorf("outcome = %+v, want %+v", stored, want)
		}
		got, err := db.Before(t.Context(), 5, 2, 10)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		author := got[0].Author
		got[0].Author = nil
		want := message.Message{Room: 5, Seq: 1, Rev: 1, AuthorID: who, CID: p.CID, Content: p.Content, CreatedAt: start}
		if got[0] != want {
			t.Errorf("message = %+v, want %+v", got[0], want)
		}
		if author == nil || *author != (message.Author{ID: who, Nickname: fmt.Sprintf("Mask %d", who), Color: 7}) {
			t.Errorf("author = %+v", author)
		}
	})
}

func TestABatchTakesTheNextSeqsInItsOrder(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		db.room(t, 6)
		who := db.mask(t)
		var batch []message.Pending
		for i := range 200 {
			batch = append(batch, pending(room.ID(5+i%2), who, fmt.Sprint(i)))
		}
		db.append(t, pending(5, who, "before"))
		for i, o := range db.append(t, batch...) {
			if want := int64(i/2 + 1 + (i+1)%2); o.Status != message.Stored || o.Seq != want {
				t.Fatalf("message %d: %+v, want seq %d", i, o, want)
			}
		}
		heads, err := db.Heads(t.Context(), []room.ID{5, 6, 7})
		if err != nil || len(heads) != 2 || heads[5].Seq != 101 || heads[6].Seq != 100 {
			t.Errorf("heads = %v, %v", heads, err)
		}
	})
}

func TestTheSameCidAgainGivesTheFirstResult(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		db.room(t, 6)
		who, other := db.mask(t), db.mask(t)
		first := pending(5, who, "first")
		db.append(t, first)

		changed := first
		changed.Hash, changed.Content = message.Hash(dice.Bytes(message.HashSize)), "changed"
		elsewhere, others := first, first
		elsewhere.Room, others.Author = 6, other
		twice := pending(5, who, "twice")
		got := db.append(t, changed, twice, elsewhere, twice, others, first)

		known := message.Outcome{Status: message.Known, Seq: 1, Hash: first.Hash, CreatedAt: start}
		want := []message.Outcome{
			known,
			{Status: message.Stored, Seq: 2, Hash: twice.Hash, CreatedAt: start},
			{Status: message.Stored, Seq: 1, Hash: first.Hash, CreatedAt: start},
			{Status: message.Known, Seq: 2, Hash: twice.Hash, CreatedAt: start},
			{Status: message.Stored, Seq: 3, Hash: first.Hash, CreatedAt: start},
			known,
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("outcome %d = %+v, want %+v", i, got[i], want[i])
			}
		}
		if o, err := db.Sent(t.Context(), 5, who, first.CID); err != nil || o != known {
			t.Errorf("sent = %+v, %v", o, err)
		}
		if o, err := db.Sent(t.Context(), 5, other, twice.CID); err != nil || o.Status == message.Known {
			t.Errorf("another's cid = %+v, %v", o, err)
		}
	})
}

func TestWhoWearsNoMaskStoresNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		worn, down := db.mask(t), db.mask(t)
		before := pending(5, down, "while worn")
		db.append(t, before)
		db.exec(t, `UPDATE profiles SET owner_tag = NULL WHERE id = $1`, down)

		got := db.append(t, pending(5, down, "put down"), pending(5, 42, "never was"), pending(99, worn, "no room"), pending(5, worn, "good"), before)
		want := []message.Status{message.NoAuthor, message.NoAuthor, message.NoRoom, message.Stored, message.Known}
		for i, status := range want {
			if got[i].Status != status {
				t.Errorf("outcome %d = %+v, want status %d", i, got[i], status)
			}
		}
		if got[3].Seq != 2 {
			t.Errorf("what was not stored took a seq: the next message got %d", got[3].Seq)
		}
	})
}

func TestARefusedRowLeavesNothingOfItsBatch(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		who := db.mask(t)
		_, err := db.Append(t.Context(), start, []message.Pending{pending(5, who, "good"), pending(5, who, strings.Repeat("я", message.MaxContent+1))})
		if !errors.Is(err, message.ErrRefused) {
			t.Fatalf("error = %v", err)
		}
		if o := db.append(t, pending(5, who, strings.Repeat("я", message.MaxContent)))[0]; o.Seq != 1 {
			t.Errorf("the refused batch took a seq: the next message got %d", o.Seq)
		}
	})
}

func TestHistoryIsReadFromItsEnd(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		db.room(t, 6)
		who := db.mask(t)
		for range 10 {
			db.append(t, pending(5, who, "here"), pending(6, who, "elsewhere"))
		}
		for _, test := range []struct {
			before int64
			limit  int
			want   string
		}{
			{11, 3, "8/8 9/9 10/10"},
			{8, 3, "5/5 6/6 7/7"},
			{3, 3, "1/1 2/2"},
			{1, 3, ""},
		} {
			got, err := db.Before(t.Context(), 5, test.before, test.limit)
			if err != nil || seqsOf(got) != test.want {
				t.Errorf("%d before %d = %q, %v; want %q", test.limit, test.before, seqsOf(got), err, test.want)
			}
		}
	})
}

func TestChangesAreReadInOrderOfRev(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		who := db.mask(t)
		for range 6 {
			db.append(t, pending(5, who, "first"))
		}
		// Edits of 2, 5 and 2 again, with a message in between, as a later version will make them.
		db.exec(t, `UPDATE messages SET rev = 8, content = 'edited', edited_at = 1 WHERE room_id = 5 AND seq = 5`)
		db.exec(t, `UPDATE messages SET rev = 10, content = 'edited', edited_at = 1 WHERE room_id = 5 AND seq = 2`)
		db.exec(t, `UPDATE rooms SET head = 8 WHERE id = 5`)
		db.append(t, pending(5, who, "ninth"))
		db.exec(t, `UPDATE rooms SET head = 10 WHERE id = 5`)
		for _, test := range []struct {
			after, upTo int64
			limit       int
			want        string
		}{
			{0, 10, 10, "1/1 3/3 4/4 6/6 5/8 9/9 2/10"},
			{4, 10, 10, "6/6 5/8 9/9 2/10"},
			{4, 9, 10, "6/6 5/8 9/9"},
			{4, 10, 2, "6/6 5/8"},
			{9, 10, 10, "2/10"},
			{10, 10, 10, ""},
		} {
			got, err := db.Changed(t.Context(), 5, test.after, test.upTo, test.limit)
			if err != nil || seqsOf(got) != test.want {
				t.Errorf("%d of (%d, %d] = %q, %v; want %q", test.limit, test.after, test.upTo, seqsOf(got), err, test.want)
			}
		}
		got, err := db.Changed(t.Context(), 5, 9, 10, 1)
		if err != nil || got[0].EditedAt.IsZero() || got[0].Content != "edited" {
			t.Errorf("edited message = %+v, %v", got, err)
		}
	})
}

func TestAnErasedMaskLeavesItsMessagesWithoutAuthor(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		who := db.mask(t)
		db.append(t, pending(5, who, "stays"))
		if err := db.Profiles().Erase(t.Context(), who, vault.Tag(dice.Bytes(32)), profile.DayOf(start)); err != nil {
			t.Fatal(err)
		}
		got, err := db.Before(t.Context(), 5, 2, 1)
		if err != nil || len(got) != 1 || got[0].Author != nil || got[0].AuthorID != who || got[0].Content != "stays" {
			t.Errorf("message = %+v, %v", got, err)
		}
	})
}

// Four nodes send the same messages, each in an order of its own and in batches of its own.
func TestFourAppendersAtOnceLeaveNoHoleAndNoDouble(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		const nodes, messages, rooms = 4, 300, 3
		who := []profile.ID{db.mask(t), db.mask(t)}
		all := make([]message.Pending, messages)
		for i := range all {
			id := room.ID(10 + i%rooms)
			if i < rooms {
				db.room(t, id)
			}
			all[i] = pending(id, who[i%len(who)], fmt.Sprint(i))
		}
		outcomes := make([]map[message.CID]message.Outcome, nodes)
		var running sync.WaitGroup
		for n := range nodes {
			node := db.open()
			outcomes[n] = map[message.CID]message.Outcome{}
			running.Go(func() { sendAll(t, node, all, outcomes[n], n) })
		}
		running.Wait()
		if t.Failed() {
			return
		}
		for i, p := range all {
			stored := 0
			for n := range nodes {
				o := outcomes[n][p.CID]
				if o.Status == message.Stored {
					stored++
				}
				if o.Seq != outcomes[0][p.CID].Seq || o.Hash != p.Hash {
					t.Fatalf("message %d: node %d was told %+v, node 0 %+v", i, n, o, outcomes[0][p.CID])
				}
			}
			if stored != 1 {
				t.Errorf("message %d was new to %d nodes", i, stored)
			}
		}
		for id := room.ID(10); id < 10+rooms; id++ {
			got, err := db.Before(t.Context(), id, messages+1, messages)
			if err != nil || len(got) != messages/rooms {
				t.Fatalf("room %d holds %d messages, %v", id, len(got), err)
			}
			for i, m := range got {
				if m.Seq != int64(i+1) || outcomes[0][m.CID].Seq != m.Seq {
					t.Fatalf("room %d, place %d: seq %d, acknowledged %d", id, i+1, m.Seq, outcomes[0][m.CID].Seq)
				}
			}
			if r, err := db.Room(t.Context(), id); err != nil || r.Head != messages/rooms {
				t.Errorf("room %d: head %d, %v", id, r.Head, err)
			}
		}
	})
}

func sendAll(t *testing.T, node *store.Store, all []message.Pending, outcomes map[message.CID]message.Outcome, number int) {
	order := rand.New(rand.NewPCG(uint64(number), 1)) //nolint:gosec // an order that can be repeated, no secret
	mine := append([]message.Pending(nil), all...)
	order.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
	for len(mine) > 0 {
		n := min(len(mine), 1+order.IntN(20))
		got, err := node.Append(t.Context(), start, mine[:n])
		if err != nil {
			t.Errorf("node %d: %v", number, err)
			return
		}
		for i, o := range got {
			outcomes[mine[i].CID] = o
		}
		mine = mine[n:]
	}
}

func TestAReaderNeverSeesAHole(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		db.room(t, 5)
		who := db.mask(t)
		done := make(chan struct{})
		var running sync.WaitGroup
		for range 3 {
			node := db.open()
			running.Go(func() {
				for range 40 {
					if _, err := node.Append(t.Context(), start, []message.Pending{pending(5, who, "a"), pending(5, who, "b")}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		go func() {
			running.Wait()
			close(done)
		}()
		history := message.NewHistory(db.Store)
		last := int64(0)
		for finished := false; !finished; {
			select {
			case <-done:
				finished = true
			default:
			}
			got, err := history.Since(t.Context(), 5, last, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range got.Items {
				if last++; m.Seq != last {
					t.Fatalf("after %d came %d", last-1, m.Seq)
				}
			}
			if !got.More && last != got.Head.Seq {
				t.Fatalf("head %d, but the items end at %d", got.Head.Seq, last)
			}
		}
		if last != 240 && !t.Failed() {
			t.Errorf("read %d messages, want 240", last)
		}
	})
}
