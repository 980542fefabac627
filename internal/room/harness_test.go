package room_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/errs"
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

// notes is a Publisher that keeps what it is told.
type notes struct {
	mu     sync.Mutex
	told   map[room.ID][]room.State
	unsure int
}

func (n *notes) Changed(s room.State) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told == nil {
		n.told = map[room.ID][]room.State{}
	}
	n.told[s.ID] = append(n.told[s.ID], s)
}

func (n *notes) Unsure(room.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unsure++
}

func (n *notes) of(id room.ID) []room.State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.told[id]
}

// allow lets everything pass until it is set to make people wait.
type allow struct{ wait atomic.Int64 }

func (a *allow) Take(context.Context, string) (time.Duration, error) {
	return time.Duration(a.wait.Load()), nil
}

// node is a Service on a store of its own, with a clock that tests own.
type node struct {
	*room.Service
	store *store.Store
	notes *notes
	limit *allow
	ahead atomic.Int64
}

func newNode(s *store.Store) *node {
	n := &node{store: s, notes: &notes{}, limit: &allow{}}
	n.Service = room.NewService(room.Config{Store: s, Limiter: n.limit, Publisher: n.notes, Random: dice, Now: func() time.Time {
		return start.Add(time.Duration(n.ahead.Load()))
	}})
	return n
}

func (n *node) forward(by time.Duration) { n.ahead.Add(int64(by)) }

// eachNode runs a test on both databases.
func eachNode(t *testing.T, test func(t *testing.T, n *node, db *testkit.Database)) {
	t.Helper()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) { test(t, newNode(db.Store), db) })
}

// person is a mask that somebody wears.
type person struct {
	profile.Actor
	owner vault.Tag
}

func arrive(t testing.TB, s *store.Store) person {
	t.Helper()
	id := profile.ID(dice.ID())
	name := fmt.Sprintf("Mask %d", id)
	who := person{owner: vault.Tag(dice.Bytes(32)), Actor: profile.Actor{
		Profile: profile.Profile{ID: id, Nickname: name, Color: 3, CreatedDay: profile.DayOf(start).Time()}, Role: profile.RoleUser, LimitKey: vault.Tag(dice.Bytes(32)),
	}}
	ok, err := s.Profiles().Insert(t.Context(), profile.Row{
		ID: id, OwnerTag: who.owner, Escrow: []byte{1}, Nickname: name, NicknameKey: name, Seed: "s", Color: 3, Day: profile.DayOf(start),
	})
	if err != nil || !ok {
		t.Fatalf("insert a mask: %v, %v", ok, err)
	}
	return who
}

// putDown ends a mask, as taking a new one does, without giving up its seats.
func putDown(t testing.TB, s *store.Store, who person) {
	t.Helper()
	if id, err := s.Profiles().PutDown(t.Context(), who.owner, profile.DayOf(start), start.Add(time.Hour)); err != nil || id != who.Profile.ID {
		t.Fatalf("put down %d: %v", id, err)
	}
}

func open(t testing.TB, n *node, owner person, visibility room.Visibility, seats int) room.State {
	t.Helper()
	s, err := n.Create(t.Context(), owner.Actor, room.Proposal{Title: "Kitchen", Capacity: seats, Visibility: visibility})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func want(t testing.TB, what string, err error, code errs.Code) {
	t.Helper()
	if errs.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}
