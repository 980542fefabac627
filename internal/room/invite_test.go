package room_test

import (
	"fmt"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/testkit"
)

func invite(t testing.TB, n *node, owner person, id room.ID) (room.Invite, string) {
	t.Helper()
	i, code, err := n.Invite(t.Context(), owner.Profile.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	return i, code
}

func TestAnInviteLeadsIntoAPrivateRoom(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, db *testkit.Database) {
		anna, boris := arrive(t, n.store), arrive(t, n.store)
		id := open(t, n, anna, room.Private, 3).ID
		i, code := invite(t, n, anna, id)
		if len(code) != 22 || i.Uses != 5 || !i.ExpiresAt.Equal(start.Add(24*time.Hour)) {
			t.Errorf("invite %+v %s", i, code)
		}
		if got, s, err := n.Preview(t.Context(), code); err != nil || got.Room != id || s.Title != "Kitchen" || len(s.People) != 1 {
			t.Errorf("preview %+v, %+v, %v", got, s, err)
		}
		for try := range 2 { // the second time nothing changes
			if s, err := n.Accept(t.Context(), boris.Actor, code); err != nil || s.Head != 2 || !s.Has(boris.Profile.ID) {
				t.Fatalf("try %d: %+v, %v", try, s, err)
			}
		}
		if got, _, err := n.Preview(t.Context(), code); err != nil || got.Uses != 4 {
			t.Errorf("%d uses are left, %v", got.Uses, err)
		}
		if told := n.notes.of(id); len(told) != 1 || len(told[0].People) != 2 {
			t.Errorf("told %+v", told)
		}
		if kept := db.Count(t, `SELECT COUNT(*) FROM invites WHERE tag = $1`, []byte(code)); kept != 0 {
			t.Error("the code itself is kept")
		}
		vera := arrive(t, n.store)
		_, _, err := n.Invite(t.Context(), boris.Profile.ID, id)
		want(t, "invite by a member", err, errs.Forbidden)
		_, _, err = n.Invite(t.Context(), vera.Profile.ID, id)
		want(t, "invite by a stranger", err, errs.NotFound)
		want(t, "end by a member", n.Uninvite(t.Context(), boris.Profile.ID, id, code), errs.Forbidden)
		want(t, "end another", n.Uninvite(t.Context(), anna.Profile.ID, id, "no such code"), errs.InviteInvalid)
		other := open(t, n, anna, room.Private, 2).ID
		want(t, "end it in another room", n.Uninvite(t.Context(), anna.Profile.ID, other, code), errs.InviteInvalid)
		want(t, "end", n.Uninvite(t.Context(), anna.Profile.ID, id, code), "")
		_, err = n.Accept(t.Context(), vera.Actor, code)
		want(t, "an invite that was ended", err, errs.InviteInvalid)
	})
}

func TestAnInviteThatDoesNotWorkTellsNothing(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, db *testkit.Database) {
		anna, boris := arrive(t, n.store), arrive(t, n.store)
		refused := func(what, code string) {
			t.Helper()
			_, _, err := n.Preview(t.Context(), code)
			want(t, "preview, "+what, err, errs.InviteInvalid)
			_, err = n.Accept(t.Context(), boris.Actor, code)
			want(t, "accept, "+what, err, errs.InviteInvalid)
		}
		for _, code := range []string{"", "x", "\x00\xff", dice.Token(16)} {
			refused("made up", code)
		}
		locked := open(t, n, anna, room.Private, 3).ID
		_, code := invite(t, n, anna, locked)
		if _, err := n.Edit(t.Context(), anna.Profile.ID, locked, room.Edit{Locked: new(true)}); err != nil {
			t.Fatal(err)
		}
		refused("locked", code)
		closed := open(t, n, anna, room.Private, 3).ID
		_, code = invite(t, n, anna, closed)
		want(t, "close", n.Close(t.Context(), anna.Profile.ID, closed), "")
		refused("closed", code)
		full := open(t, n, anna, room.Private, 2).ID
		_, code = invite(t, n, anna, full)
		if _, err := n.Accept(t.Context(), arrive(t, n.store).Actor, code); err != nil {
			t.Fatal(err)
		}
		_, err := n.Accept(t.Context(), boris.Actor, code)
		want(t, "full", err, errs.RoomFull)
		if got, _, err := n.Preview(t.Context(), code); err != nil || got.Uses != 4 {
			t.Errorf("a refusal took a use: %d are left, %v", got.Uses, err)
		}
		for range room.MaxInvites - 1 {
			invite(t, n, anna, full)
		}
		if _, _, err := n.Invite(t.Context(), anna.Profile.ID, full); errs.From(err).Reason != room.ReasonTooManyInvites {
			t.Errorf("one more: %v", err)
		}
		n.forward(24 * time.Hour)
		refused("old", code)
		if _, err := n.DropClosed(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		if left := db.Count(t, `SELECT COUNT(*) FROM invites`); left != 0 {
			t.Errorf("%d old invites are kept", left)
		}
	})
}

func TestAnInviteEndsWithItsRoom(t *testing.T) {
	t.Parallel()
	n := newNode(testkit.SQLite(t).Store)
	anna := arrive(t, n.store)
	s, err := n.Create(t.Context(), anna.Actor, room.Proposal{Title: "x", Capacity: 2, Visibility: room.Private, LifetimeHours: new(2)})
	if err != nil {
		t.Fatal(err)
	}
	if i, _ := invite(t, n, anna, s.ID); !i.ExpiresAt.Equal(s.ExpiresAt) {
		t.Errorf("the invite ends at %v, the room at %v", i.ExpiresAt, s.ExpiresAt)
	}
}

func TestAnInviteIsUsedAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, one, two *node) {
		anna := arrive(t, one.store)
		id := open(t, one, anna, room.Private, 6).ID
		_, code := invite(t, one, anna, id)
		first := arrive(t, one.store)
		if _, err := one.Accept(t.Context(), first.Actor, code); err != nil {
			t.Fatal(err)
		}
		want(t, "leave again", one.Leave(t.Context(), first.Profile.ID, id), "")
		const guests = 8 // for five seats and four uses
		people := make([]person, guests)
		for i := range people {
			people[i] = arrive(t, one.store)
		}
		outcomes := make([]error, guests)
		at(guests, func(i int) { _, outcomes[i] = []*node{one, two}[i%2].Accept(t.Context(), people[i].Actor, code) })
		in := map[profile.ID]bool{anna.Profile.ID: true}
		for i, err := range outcomes {
			if err == nil {
				in[people[i].Profile.ID] = true
			} else {
				want(t, fmt.Sprint("guest ", i), err, errs.InviteInvalid)
			}
		}
		s, err := one.store.State(t.Context(), id)
		if err != nil || len(in) != 5 || len(s.People) != 5 || s.Head != 7 {
			t.Fatalf("%d came in; the room is %+v, %v", len(in)-1, s, err)
		}
		for _, p := range s.People {
			if !in[p.ID] {
				t.Errorf("%d sits there without an answer", p.ID)
			}
		}
	})
}
