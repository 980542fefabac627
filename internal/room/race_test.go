package room_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/store"
	"maska/internal/testkit"
	"maska/internal/testkit/testdb"
)

// eachPair runs a test with two nodes on one database.
func eachPair(t *testing.T, test func(t *testing.T, one, two *node)) {
	t.Helper()
	pair := func(t *testing.T, open func() (*store.Store, error)) {
		t.Helper()
		var nodes []*node
		for range 2 {
			s, err := open()
			if err == nil {
				err = s.Migrate(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			nodes = append(nodes, newNode(s))
		}
		test(t, nodes[0], nodes[1])
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := testdb.SQLite(t)
		pair(t, func() (*store.Store, error) { return store.OpenSQLite(t.Context(), path) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := testkit.PostgresURL(t)
		pair(t, func() (*store.Store, error) { return store.OpenPostgres(t.Context(), url) })
	})
}

// at runs something for each of n callers at the same moment.
func at(n int, do func(i int)) {
	ready, all := make(chan struct{}), sync.WaitGroup{}
	for i := range n {
		all.Go(func() {
			<-ready
			do(i)
		})
	}
	close(ready)
	all.Wait()
}

func TestOfManyJoinsForOneSeatOneWins(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, one, two *node) {
		const rounds, guests = 10, 8
		for range rounds {
			id := open(t, one, arrive(t, one.store), room.Public, 2).ID
			people := make([]person, guests)
			for i := range people {
				people[i] = arrive(t, one.store)
			}
			outcomes := make([]error, guests)
			at(guests, func(i int) { _, outcomes[i] = []*node{one, two}[i%2].Join(t.Context(), people[i].Actor, id) })
			won := 0
			for i, err := range outcomes {
				if err == nil {
					won++
				} else {
					want(t, fmt.Sprint("guest ", i), err, errs.RoomFull)
				}
			}
			s, err := one.store.State(t.Context(), id)
			if won != 1 || err != nil || len(s.People) != 2 || s.Head != 2 {
				t.Fatalf("%d won a seat; the room is %+v, %v", won, s, err)
			}
		}
	})
}

func TestAMaskSitsInTenRoomsAtMost(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, one, two *node) {
		host, guest := make([]person, 2), arrive(t, one.store)
		for i := range host {
			host[i] = arrive(t, one.store)
		}
		var ids []room.ID
		for i := range room.MaxRooms + 4 {
			ids = append(ids, open(t, one, host[i%2], room.Public, 2).ID)
		}
		outcomes := make([]error, len(ids))
		at(len(ids), func(i int) { _, outcomes[i] = []*node{one, two}[i%2].Join(t.Context(), guest.Actor, ids[i]) })
		sits := 0
		for _, err := range outcomes {
			if err == nil {
				sits++
			} else if e := errs.From(err); e.Code != errs.Forbidden || e.Reason != room.ReasonTooManyRooms {
				t.Error(err)
			}
		}
		if sits != room.MaxRooms {
			t.Errorf("the mask sits in %d rooms", sits)
		}
		_, err := two.Create(t.Context(), guest.Actor, room.Proposal{Title: "x", Capacity: 2, Visibility: room.Public})
		want(t, "one more of his own", err, errs.Forbidden)
	})
}

func TestAMaskThatIsPutDownKeepsNoSeat(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, one, two *node) {
		host := arrive(t, one.store)
		var ids []room.ID
		for range 6 {
			ids = append(ids, open(t, one, host, room.Public, 2).ID)
		}
		for range 5 {
			guest := arrive(t, one.store)
			at(len(ids)+1, func(i int) {
				if i < len(ids) {
					if _, err := two.Join(t.Context(), guest.Actor, ids[i]); err != nil && errs.CodeOf(err) != errs.Forbidden {
						t.Error(err)
					}
					return
				}
				putDown(t, one.store, guest)
				if err := one.LeaveAll(t.Context(), guest.Profile.ID); err != nil {
					t.Error(err)
				}
			})
			for _, id := range ids {
				if s, err := one.store.State(t.Context(), id); err != nil || s.Has(guest.Profile.ID) {
					t.Errorf("it still sits in %+v, %v", s, err)
				}
			}
		}
	})
}

func TestSeatsOfMasksThatWerePutDownAreFoundLater(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, _ *testkit.Database) {
		anna, boris := arrive(t, n.store), arrive(t, n.store)
		id := open(t, n, anna, room.Public, 2).ID
		if _, err := n.Join(t.Context(), boris.Actor, id); err != nil {
			t.Fatal(err)
		}
		putDown(t, n.store, anna) // and then the process died
		for _, found := range []int{1, 0} {
			if got, err := n.VacateSeats(t.Context(), 10); got != found || err != nil {
				t.Errorf("found %d seats, %v; want %d", got, err, found)
			}
		}
		if s, err := n.Belongs(t.Context(), boris.Profile.ID, id); err != nil || s.Owner != boris.Profile.ID || len(s.People) != 1 {
			t.Errorf("the room is %+v, %v", s, err)
		}
	})
}

// model is what one room must be like after any sequence of what people do.
type model struct {
	people []profile.ID
	owner  profile.ID
	locked bool
	closed bool
	head   int64
}

func TestMembersNeverExceedSeatsWhateverHappens(t *testing.T) {
	t.Parallel()
	n := newNode(testkit.SQLite(t).Store)
	rapid.Check(t, func(r *rapid.T) {
		var crowd []person
		for range 5 {
			crowd = append(crowd, arrive(t, n.store))
		}
		seats := rapid.IntRange(room.MinSeats, 4).Draw(r, "seats")
		s := open(t, n, crowd[0], room.Public, seats)
		m := &model{people: []profile.ID{crowd[0].Profile.ID}, owner: crowd[0].Profile.ID, head: 1}
		steps := rapid.IntRange(1, 25).Draw(r, "steps")
		for range steps {
			who := crowd[rapid.IntRange(0, len(crowd)-1).Draw(r, "who")]
			other := crowd[rapid.IntRange(0, len(crowd)-1).Draw(r, "other")].Profile.ID
			var got, expected error
			switch rapid.SampledFrom([]string{"join", "join", "leave", "remove", "lock", "hand over", "close"}).Draw(r, "what") {
			case "join":
				_, got = n.Join(t.Context(), who.Actor, s.ID)
				expected = m.join(who.Profile.ID, seats)
			case "leave":
				got, expected = n.Leave(t.Context(), who.Profile.ID, s.ID), m.leave(who.Profile.ID)
			case "remove":
				got, expected = n.Remove(t.Context(), who.Profile.ID, s.ID, other), m.remove(who.Profile.ID, other)
			case "lock":
				locked := rapid.Bool().Draw(r, "locked")
				_, got = n.Edit(t.Context(), who.Profile.ID, s.ID, room.Edit{Locked: &locked})
				expected = m.edit(who.Profile.ID, func() { m.locked = locked })
			case "hand over":
				_, got = n.Edit(t.Context(), who.Profile.ID, s.ID, room.Edit{Owner: &other})
				if expected = m.owned(who.Profile.ID); expected == nil && !slices.Contains(m.people, other) {
					expected = errs.New(errs.ValidationFailed)
				} else if expected == nil {
					expected = m.edit(who.Profile.ID, func() { m.owner = other })
				}
			case "close":
				got = n.Close(t.Context(), who.Profile.ID, s.ID)
				expected = m.edit(who.Profile.ID, func() { m.closed = true })
			}
			if errs.CodeOf(got) != errs.CodeOf(expected) {
				r.Fatalf("got %v, want %v", got, expected)
			}
			m.compare(r, n, s.ID, seats)
		}
	})
}

func (m *model) compare(r *rapid.T, n *node, id room.ID, seats int) {
	s, err := n.store.State(r.Context(), id)
	if err != nil {
		r.Fatal(err)
	}
	var people []profile.ID
	for _, p := range s.People {
		people = append(people, p.ID)
	}
	slices.Sort(people)
	expected := slices.Sorted(slices.Values(m.people))
	if len(people) > seats || !slices.Equal(people, expected) || s.Head != m.head || s.Locked != m.locked || s.ClosedAt.IsZero() == m.closed {
		r.Fatalf("the room is %+v with %v, want %+v", s.Room, people, m)
	}
	if len(people) > 0 && !slices.Contains(people, s.Owner) {
		r.Fatalf("%d owns the room and does not sit in it", s.Owner)
	}
	m.owner = s.Owner // the successor is whoever sits next
	told := n.notes.of(id)
	if len(told) > 0 && told[len(told)-1].Room != s.Room || int64(len(told)) != s.Head-1 {
		r.Fatalf("%d changes were told of %d", len(told), s.Head-1)
	}
}

func (m *model) member(who profile.ID) error {
	switch {
	case m.closed:
		return errs.New(errs.RoomClosed)
	case !slices.Contains(m.people, who):
		return errs.New(errs.NotMember)
	}
	return nil
}

func (m *model) owned(by profile.ID) error {
	if err := m.member(by); err != nil {
		return err
	}
	if by != m.owner {
		return errs.New(errs.Forbidden)
	}
	return nil
}

func (m *model) join(who profile.ID, seats int) error {
	switch {
	case m.closed:
		return errs.New(errs.RoomClosed)
	case slices.Contains(m.people, who):
		return nil
	case m.locked:
		return errs.New(errs.Forbidden)
	case len(m.people) == seats:
		return errs.New(errs.RoomFull)
	}
	m.people = append(m.people, who)
	m.head++
	return nil
}

func (m *model) leave(who profile.ID) error {
	if err := m.member(who); err != nil {
		return err
	}
	m.people = slices.DeleteFunc(m.people, func(p profile.ID) bool { return p == who })
	m.closed = len(m.people) == 0
	m.head++
	return nil
}

func (m *model) remove(by, who profile.ID) error {
	if err := m.owned(by); err != nil {
		return err
	}
	switch {
	case by == who:
		return errs.New(errs.Forbidden)
	case !slices.Contains(m.people, who):
		return errs.New(errs.NotFound)
	}
	return m.leave(who)
}

func (m *model) edit(by profile.ID, do func()) error {
	if err := m.owned(by); err != nil {
		return err
	}
	was := [3]any{m.owner, m.locked, m.closed}
	if do(); was != [3]any{m.owner, m.locked, m.closed} {
		m.head++
	}
	return nil
}
