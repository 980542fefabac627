package message_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	"maska/internal/vault"
)

var (
	dice  = random.New(rand.Reader)
	start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
)

// feed notes what a Sender publishes.
type feed struct {
	mu        sync.Mutex
	published []message.Message
	unsure    int
}

func (f *feed) Committed(_ room.ID, messages []message.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = append(f.published, messages...)
}

func (f *feed) Unsure(room.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unsure++
}

func (f *feed) seqs() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var seqs []int64
	for _, m := range f.published {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

// faulty is a store whose appends can be made to fail, before or after they were committed.
type faulty struct {
	*store.Store
	mu     sync.Mutex
	before func(batch []message.Pending) error
	after  func() error
	sizes  []int
}

func (f *faulty) Append(ctx context.Context, at time.Time, batch []message.Pending) ([]message.Outcome, error) {
	f.mu.Lock()
	before, after := f.before, f.after
	f.sizes = append(f.sizes, len(batch))
	f.mu.Unlock()
	if before != nil {
		if err := before(batch); err != nil {
			return nil, err
		}
	}
	outcomes, err := f.Store.Append(ctx, at, batch)
	if err == nil && after != nil {
		err = after()
	}
	return outcomes, err
}

type open struct{}

func (open) Take(context.Context, string) (time.Duration, error) { return 0, nil }

// shut is a limiter that refuses.
type shut struct{ wait time.Duration }

func (s shut) Take(context.Context, string) (time.Duration, error) { return s.wait, nil }

type bench struct {
	store  *faulty
	feed   *feed
	config message.Config
	sender *message.Sender
	actor  profile.Actor
}

func newBench(t testing.TB, s *store.Store, change func(*message.Config)) *bench {
	t.Helper()
	if _, err := room.EnsureGlobal(t.Context(), s, dice, start); err != nil {
		t.Fatal(err)
	}
	b := &bench{store: &faulty{Store: s}, feed: &feed{}, actor: newActor(t, s)}
	b.config = message.Config{
		Store: b.store, Limiter: open{}, Publisher: b.feed, DraftKey: []byte("key"), Random: dice,
		Now: func() time.Time { return start }, Log: slog.New(slog.DiscardHandler), Leaders: 1,
	}
	if change != nil {
		change(&b.config)
	}
	b.sender = message.NewSender(b.config)
	t.Cleanup(b.sender.Close)
	return b
}

func newActor(t testing.TB, s *store.Store) profile.Actor {
	t.Helper()
	id := profile.ID(dice.ID())
	name := fmt.Sprintf("Mask %d", id)
	ok, err := s.Profiles().Insert(t.Context(), profile.Row{
		ID: id, OwnerTag: vault.Tag(dice.Bytes(32)), Escrow: []byte{1}, Nickname: name, NicknameKey: name, Seed: "s", Color: 3, Day: profile.DayOf(start),
	})
	if err != nil || !ok {
		t.Fatalf("insert a mask: %v, %v", ok, err)
	}
	return profile.Actor{Profile: profile.Profile{ID: id, Nickname: name, Color: 3}, Role: profile.RoleUser, LimitKey: vault.Tag(dice.Bytes(32))}
}

func draft(t testing.TB, content string, cid message.CID) message.Draft {
	t.Helper()
	p := message.Proposal{Room: room.Global, Content: content}
	if cid != (message.CID{}) {
		p.CID = new(cid.String())
	}
	d, err := message.NewDraft(p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAMessageIsPublishedBeforeItsSenderIsAnswered(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		cid := message.NewCID(dice)
		got, err := b.sender.Send(t.Context(), b.actor, draft(t, " hello ", cid))
		if err != nil {
			t.Fatal(err)
		}
		if want := (message.Result{Room: room.Global, Seq: 1, CID: cid, CreatedAt: start}); got != want {
			t.Errorf("result = %+v, want %+v", got, want)
		}
		b.feed.mu.Lock()
		defer b.feed.mu.Unlock()
		if len(b.feed.published) != 1 {
			t.Fatalf("published %d messages", len(b.feed.published))
		}
		m := b.feed.published[0]
		author := message.Author{ID: b.actor.Profile.ID, Nickname: b.actor.Profile.Nickname, Color: 3}
		if m.Author == nil || *m.Author != author || m.Content != "hello" || m.Seq != 1 || m.Rev != 1 || m.CID != cid {
			t.Errorf("published %+v by %+v", m, m.Author)
		}
	})
}

func TestARepeatGetsTheFirstResultAndIsNotPublishedAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		cid := message.NewCID(dice)
		first, err := b.sender.Send(t.Context(), b.actor, draft(t, "once", cid))
		if err != nil {
			t.Fatal(err)
		}
		second, err := b.sender.Send(t.Context(), b.actor, draft(t, "once ", cid))
		if err != nil || second != first {
			t.Errorf("repeat = %+v, %v; first %+v", second, err, first)
		}
		if _, err := b.sender.Send(t.Context(), b.actor, draft(t, "twice", cid)); errs.CodeOf(err) != errs.CIDConflict {
			t.Errorf("other content under the same cid: %v", err)
		}
		another := newActor(t, s.Store)
		if got, err := b.sender.Send(t.Context(), another, draft(t, "mine", cid)); err != nil || got.Seq != 2 {
			t.Errorf("another's message under the same cid: %+v, %v", got, err)
		}
		if got := b.feed.seqs(); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("published %v", got)
		}
	})
}

func TestOverTheLimitOnlyARepeatIsAnswered(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		cid := message.NewCID(dice)
		first, err := b.sender.Send(t.Context(), b.actor, draft(t, "acked, but the ack was lost", cid))
		if err != nil {
			t.Fatal(err)
		}
		config := b.config
		config.Limiter = shut{wait: 700 * time.Millisecond}
		limited := message.NewSender(config)
		t.Cleanup(limited.Close)

		if got, err := limited.Send(t.Context(), b.actor, draft(t, "acked, but the ack was lost", cid)); err != nil || got != first {
			t.Errorf("repeat over the limit = %+v, %v", got, err)
		}
		if _, err := limited.Send(t.Context(), b.actor, draft(t, "other", cid)); errs.CodeOf(err) != errs.CIDConflict {
			t.Errorf("other content over the limit: %v", err)
		}
		for _, fresh := range []message.CID{{}, message.NewCID(dice)} {
			_, err := limited.Send(t.Context(), b.actor, draft(t, "new", fresh))
			if errs.CodeOf(err) != errs.RateLimited || errs.From(err).RetryAfter != 700*time.Millisecond {
				t.Errorf("new message over the limit: %v", err)
			}
		}
	})
}

func TestWhoMayNotWriteIsRefused(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		nobody := b.actor
		nobody.Profile.ID = profile.ID(dice.ID())
		if _, err := b.sender.Send(t.Context(), nobody, draft(t, "hello", message.CID{})); errs.CodeOf(err) != errs.Forbidden {
			t.Errorf("a mask that nobody wears: %v", err)
		}
		elsewhere, err := message.NewDraft(message.Proposal{Room: 2, Content: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.sender.Send(t.Context(), b.actor, elsewhere); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("another room: %v", err)
		}
	})
}

func TestOnlyMembersWriteInASmallRoom(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		rooms := room.NewService(room.Config{Store: s.Store, Limiter: open{}, Publisher: nobody{}, Random: dice, Now: func() time.Time { return start }})
		stranger := newActor(t, s.Store)
		cid := message.NewCID(dice)
		saying := func(id room.ID, cid message.CID) message.Draft {
			d, err := message.NewDraft(message.Proposal{Room: id, Content: "hello", CID: new(cid.String())})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		for visibility, code := range map[room.Visibility]errs.Code{room.Private: errs.NotFound, room.Public: errs.NotMember} {
			state, err := rooms.Create(t.Context(), b.actor, room.Proposal{Title: "x", Capacity: 2, Visibility: visibility, LifetimeHours: new(1)})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := b.sender.Send(t.Context(), b.actor, saying(state.ID, cid)); err != nil || got.Seq != 2 {
				t.Errorf("a member's first message: %+v, %v", got, err)
			}
			if _, err := b.sender.Send(t.Context(), stranger, saying(state.ID, cid)); errs.CodeOf(err) != code {
				t.Errorf("a stranger in a %s room: %v", visibility, err)
			}
			if _, err := s.Append(t.Context(), start.Add(time.Hour), []message.Pending{{Room: state.ID, Author: b.actor.Profile.ID, CID: message.NewCID(dice), Content: "late"}}); err != nil {
				t.Fatal(err)
			}
			if visibility == room.Public {
				if _, err := rooms.Join(t.Context(), stranger, state.ID); err != nil {
					t.Fatal(err)
				}
				if got, err := b.sender.Send(t.Context(), stranger, saying(state.ID, cid)); err != nil || got.Seq != 4 {
					t.Errorf("a new member's message: %+v, %v", got, err)
				}
				if err := rooms.Remove(t.Context(), b.actor.Profile.ID, state.ID, stranger.Profile.ID); err != nil {
					t.Fatal(err)
				}
				if _, err := b.sender.Send(t.Context(), stranger, saying(state.ID, message.NewCID(dice))); errs.CodeOf(err) != errs.NotMember {
					t.Errorf("after he was removed: %v", err)
				}
				if got, err := b.sender.Send(t.Context(), stranger, saying(state.ID, cid)); err != nil || got.Seq != 4 {
					t.Errorf("the same again, for which the ack was lost: %+v, %v", got, err)
				}
			}
			if err := rooms.Close(t.Context(), b.actor.Profile.ID, state.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := b.sender.Send(t.Context(), b.actor, saying(state.ID, message.NewCID(dice))); errs.CodeOf(err) != errs.RoomClosed {
				t.Errorf("in a closed room: %v", err)
			}
			if n := s.Count(t, `SELECT COUNT(*) FROM messages WHERE content = 'late'`); n != 0 {
				t.Error("something was said in a room whose time was over")
			}
		}
		outside, err := message.NewDraft(message.Proposal{Room: -1, Content: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.sender.Send(t.Context(), b.actor, outside); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("a room that cannot be: %v", err)
		}
	})
}

// Whoever has left stored nothing behind his leaving, however many of his messages were under way.
func TestNothingIsStoredBehindALeaving(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, func(c *message.Config) { c.Leaders = 2 })
		told := make(changes, 1)
		rooms := room.NewService(room.Config{Store: s.Store, Limiter: open{}, Publisher: told, Random: dice, Now: func() time.Time { return start }})
		guest := newActor(t, s.Store)
		state, err := rooms.Create(t.Context(), b.actor, room.Proposal{Title: "x", Capacity: 2, Visibility: room.Public})
		if err == nil {
			_, err = rooms.Join(t.Context(), guest, state.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		<-told
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				who := []profile.Actor{b.actor, guest}[i%2]
				d, err := message.NewDraft(message.Proposal{Room: state.ID, Content: fmt.Sprint(i)})
				if err == nil {
					_, err = b.sender.Send(t.Context(), who, d)
				}
				if err != nil && (who != guest || errs.CodeOf(err) != errs.NotMember) {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			if err := rooms.Leave(t.Context(), guest.Profile.ID, state.ID); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		left := (<-told).Head
		messages, err := s.Before(t.Context(), state.ID, 1<<50, 200)
		if err != nil {
			t.Fatal(err)
		}
		seqs := map[int64]bool{1: true, 2: true, left: true}
		for _, m := range messages {
			if seqs[m.Seq] = true; m.AuthorID == guest.Profile.ID && m.Seq > left {
				t.Errorf("message %d came after its author left at %d", m.Seq, left)
			}
		}
		if r, err := s.Room(t.Context(), state.ID); err != nil || int64(len(seqs)) != r.Head || r.Rev != left {
			t.Errorf("%d changes are known of %d; the last one of the room is %d, want %d; %v", len(seqs), r.Head, r.Rev, left, err)
		}
	})
}

// changes hands on what was told of rooms.
type changes chan room.State

func (c changes) Changed(s room.State) { c <- s }
func (changes) Unsure(room.ID)         {}

type nobody struct{}

func (nobody) Changed(room.State) {}
func (nobody) Unsure(room.ID)     {}

// What waits while a transaction is under way is the next transaction.
func TestWhatWaitsIsOneTransaction(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		entered, goOn := make(chan struct{}), make(chan struct{})
		var once sync.Once
		b.store.before = func([]message.Pending) error {
			once.Do(func() {
				close(entered)
				<-goOn
			})
			return nil
		}
		const n = 100
		results := make(chan message.Result, n+1)
		done := func(r message.Result, err error) {
			if err != nil {
				t.Error(err)
			}
			results <- r
		}
		b.sender.Submit(t.Context(), b.actor, draft(t, "first", message.CID{}), done)
		<-entered
		for i := range n {
			b.sender.Submit(t.Context(), b.actor, draft(t, fmt.Sprint(i), message.CID{}), done)
		}
		close(goOn)
		for i := range n + 1 {
			if r := <-results; r.Seq != int64(i+1) {
				t.Fatalf("answer %d has seq %d", i, r.Seq)
			}
		}
		b.sender.Close()
		if !slices.Equal(b.store.sizes, []int{1, n}) {
			t.Errorf("transactions of %v messages", b.store.sizes)
		}
	})
}

func TestABadMessageDoesNotTakeOthersWithIt(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		entered, goOn := make(chan struct{}), make(chan struct{})
		var once sync.Once
		b.store.before = func(batch []message.Pending) error {
			once.Do(func() {
				close(entered)
				<-goOn
			})
			for i := range batch {
				if strings.HasPrefix(batch[i].Content, "bad") {
					batch[i].Content = strings.Repeat("x", message.MaxContent+1) // the table refuses it
				}
			}
			return nil
		}
		var mu sync.Mutex
		answers := map[string]error{}
		submit := func(content string) {
			b.sender.Submit(t.Context(), b.actor, draft(t, content, message.CID{}), func(_ message.Result, err error) {
				mu.Lock()
				defer mu.Unlock()
				answers[content] = err
			})
		}
		submit("good, alone")
		<-entered
		for i := range 9 {
			submit(fmt.Sprint("good ", i))
			if i%4 == 1 {
				submit(fmt.Sprint("bad ", i))
			}
		}
		close(goOn)
		b.sender.Close()
		if len(answers) != 12 {
			t.Fatalf("%d answers", len(answers))
		}
		for content, err := range answers {
			if bad := strings.HasPrefix(content, "bad"); bad != (errs.CodeOf(err) == errs.Internal) || !bad && err != nil {
				t.Errorf("%s: %v", content, err)
			}
		}
		if got := b.feed.seqs(); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
			t.Errorf("published %v", got)
		}
	})
}

// The database commits and the connection breaks before it can say so. The batch is stored again,
// which stores nothing, and everybody gets his ack.
func TestALostCommitIsAcknowledgedByTheNextTry(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		broken := 2
		b.store.after = func() error {
			if broken--; broken >= 0 {
				return errs.Wrap(errs.Unavailable, errors.New("connection reset"))
			}
			return nil
		}
		cid := message.NewCID(dice)
		got, err := b.sender.Send(t.Context(), b.actor, draft(t, "hello", cid))
		if err != nil || got.Seq != 1 || got.CID != cid {
			t.Errorf("result = %+v, %v", got, err)
		}
		b.sender.Close()
		if b.feed.unsure != 1 {
			t.Errorf("the feed was told %d times to look for itself", b.feed.unsure)
		}
		if r, err := s.Room(t.Context(), room.Global); err != nil || r.Head != 1 {
			t.Errorf("head = %d, %v", r.Head, err)
		}
		if stats := b.sender.Stats(); stats.Retries != 2 || stats.Repeated != 1 || stats.Failed != 0 {
			t.Errorf("stats = %+v", stats)
		}
	})
}

func TestADatabaseThatIsDownIsSaidWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		b.store.before = func([]message.Pending) error { return errs.Wrap(errs.Unavailable, errors.New("connection refused")) }
		const n = 600 // more than a batch: those behind it must not wait for another deadline
		began := time.Now()
		answers := make(chan error, n)
		for i := range n {
			b.sender.Submit(t.Context(), b.actor, draft(t, fmt.Sprint(i), message.CID{}), func(_ message.Result, err error) { answers <- err })
		}
		for range n {
			if err := <-answers; errs.CodeOf(err) != errs.Unavailable || errs.From(err).RetryAfter <= 0 {
				t.Fatalf("answer = %v", err)
			}
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("the last sender waited %v", took)
		}
		b.store.mu.Lock()
		b.store.before = nil
		b.store.mu.Unlock()
		if got, err := b.sender.Send(t.Context(), b.actor, draft(t, "back", message.CID{})); err != nil || got.Seq != 1 {
			t.Errorf("after recovery: %+v, %v", got, err)
		}
	})
}

func TestWhatWasSubmittedIsAnsweredBeforeTheEnd(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, s *testkit.Database) {
		b := newBench(t, s.Store, nil)
		var mu sync.Mutex
		answered := 0
		for i := range 50 {
			b.sender.Submit(t.Context(), b.actor, draft(t, fmt.Sprint(i), message.CID{}), func(_ message.Result, err error) {
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					answered++
				}
			})
		}
		b.sender.Close()
		if answered != 50 {
			t.Errorf("%d of 50 were stored", answered)
		}
		if _, err := b.sender.Send(t.Context(), b.actor, draft(t, "late", message.CID{})); errs.CodeOf(err) != errs.Unavailable {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, testkit.SQLite(t).Store, func(c *message.Config) { c.Waiting = 20 })
	entered, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b.store.before = func([]message.Pending) error {
		once.Do(func() {
			close(entered)
			<-goOn
		})
		return nil
	}
	var mu sync.Mutex
	stored, refused := 0, 0
	submit := func() {
		b.sender.Submit(t.Context(), b.actor, draft(t, "x", message.CID{}), func(_ message.Result, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				stored++
			} else if e := errs.From(err); e.Code == errs.Unavailable && e.RetryAfter > 0 {
				refused++
			}
		})
	}
	submit()
	<-entered
	for range 20 + 10 {
		submit()
	}
	if refused != 10 {
		t.Errorf("%d were refused at once, want 10", refused)
	}
	close(goOn)
	b.sender.Close()
	if stored != 21 {
		t.Errorf("%d were stored", stored)
	}
}

// gauge notes what a Sender measures.
type gauge struct {
	mu    sync.Mutex
	sizes []int
	took  []time.Duration
}

func (g *gauge) Appended(messages int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sizes = append(g.sizes, messages)
}

func (g *gauge) Answered(took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.took = append(g.took, took)
}

func TestBatchesWaitsAndRefusalsAreMeasured(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now, seen := start, &gauge{}
	b := newBench(t, testkit.SQLite(t).Store, func(c *message.Config) {
		c.Meter = seen
		c.Now = func() time.Time { // every look takes a second
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(time.Second)
			return now
		}
	})
	cid := message.NewCID(dice)
	for _, content := range []string{"hello", "hello"} {
		if _, err := b.sender.Send(t.Context(), b.actor, draft(t, content, cid)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := b.sender.Send(t.Context(), b.actor, draft(t, "another", cid)); errs.CodeOf(err) != errs.CIDConflict {
			t.Fatal(err)
		}
	}
	b.sender.Close()
	if !slices.Equal(seen.sizes, []int{1, 1, 1, 1}) {
		t.Errorf("batches of %v", seen.sizes)
	}
	if len(seen.took) != 2 || seen.took[0] != 2*time.Second { // Submit, the batch, the answer
		t.Errorf("answered after %v", seen.took)
	}
	if refused := b.sender.Stats().Refused; len(refused) != 1 || refused[errs.CIDConflict] != 2 {
		t.Errorf("refused: %v", refused)
	}
}
