package room_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/testkit"
)

func TestWhoOpensARoomSitsInItAndOwnsIt(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, _ *testkit.Database) {
		anna, boris := arrive(t, n.store), arrive(t, n.store)
		s, err := n.Create(t.Context(), anna.Actor, room.Proposal{Title: "  Кухня 🫖 ", Capacity: 3, Visibility: room.Public, LifetimeHours: new(2)})
		if err != nil {
			t.Fatal(err)
		}
		if s.Title != "Кухня 🫖" || s.Owner != anna.Profile.ID || s.Head != 1 || s.Rev != 1 || s.FirstSeq != 1 || s.Epoch == "" || s.Members != 1 ||
			s.Kind != room.KindGroup || !s.CreatedAt.Equal(start) || !s.ExpiresAt.Equal(start.Add(2*time.Hour)) || !slices.Equal(s.People, []profile.Profile{anna.Profile}) {
			t.Errorf("opened %+v", s)
		}
		if again, err := n.store.State(t.Context(), s.ID); err != nil || again.Room != s.Room || !slices.Equal(again.People, s.People) {
			t.Errorf("read back %+v, %v", again, err)
		}
		joined, err := n.Join(t.Context(), boris.Actor, s.ID)
		if err != nil || joined.Head != 2 || joined.Rev != 2 || joined.Members != 2 || !slices.Equal(joined.People, []profile.Profile{anna.Profile, boris.Profile}) {
			t.Errorf("joined %+v, %v", joined, err)
		}
		if again, err := n.Join(t.Context(), boris.Actor, s.ID); err != nil || again.Head != 2 {
			t.Errorf("joining again took a seq: %+v, %v", again, err)
		}
		if told := n.notes.of(s.ID); len(told) != 1 || told[0].Room != joined.Room {
			t.Errorf("told %+v", told)
		}
		for _, who := range []person{anna, boris} {
			if mine, err := n.Mine(t.Context(), who.Profile.ID); err != nil || len(mine) != 1 || mine[0] != joined.Room {
				t.Errorf("own rooms: %+v, %v", mine, err)
			}
		}
	})
}

func TestProposalsKeepTheRules(t *testing.T) {
	t.Parallel()
	n := newNode(testkit.SQLite(t).Store)
	anna := arrive(t, n.store)
	good := room.Proposal{Title: "x", Capacity: 2, Visibility: room.Private}
	for field, spoil := range map[string][]func(*room.Proposal){
		"title": {
			func(p *room.Proposal) { p.Title = "" }, func(p *room.Proposal) { p.Title = " \u00a0 " }, func(p *room.Proposal) { p.Title = strings.Repeat("я", 65) },
			func(p *room.Proposal) { p.Title = strings.Repeat("a", 1<<20) }, func(p *room.Proposal) { p.Title = "a\nb" }, func(p *room.Proposal) { p.Title = "a\x00" },
			func(p *room.Proposal) { p.Title = "\u202etxt.exe" }, func(p *room.Proposal) { p.Title = "a\u2066b" }, func(p *room.Proposal) { p.Title = "a\u2028b" },
			func(p *room.Proposal) { p.Title = "\xff" }, func(p *room.Proposal) { p.Title = "\u200b\u200d" }, func(p *room.Proposal) { p.Title = "\u3164" },
		},
		"capacity":      {func(p *room.Proposal) { p.Capacity = 1 }, func(p *room.Proposal) { p.Capacity = 7 }, func(p *room.Proposal) { p.Capacity = -1 }},
		"visibility":    {func(p *room.Proposal) { p.Visibility = "" }, func(p *room.Proposal) { p.Visibility = "secret" }},
		"lifetimeHours": {func(p *room.Proposal) { p.LifetimeHours = new(0) }, func(p *room.Proposal) { p.LifetimeHours = new(169) }, func(p *room.Proposal) { p.LifetimeHours = new(-1 << 62) }},
	} {
		for i, spoil := range spoil {
			p := good
			spoil(&p)
			if _, err := n.Create(t.Context(), anna.Actor, p); errs.CodeOf(err) != errs.ValidationFailed || errs.From(err).Fields[0].Field != field {
				t.Errorf("%s %d: %v", field, i, err)
			}
		}
	}
	for title, kept := range map[string]string{
		strings.Repeat("я", 64): strings.Repeat("я", 64), " e\u0301 ": "\u00e9", "👨‍👩‍👧": "👨‍👩‍👧", "a b": "a b",
	} {
		if got, err := room.NewTitle(title); err != nil || got != kept {
			t.Errorf("%q is kept as %q, %v", title, got, err)
		}
	}
	n.limit.wait.Store(int64(time.Hour))
	_, err := n.Create(t.Context(), anna.Actor, good)
	want(t, "over the limit", err, errs.RateLimited)
	n.limit.wait.Store(0)
	nobody := arrive(t, n.store)
	putDown(t, n.store, nobody)
	_, err = n.Create(t.Context(), nobody.Actor, good)
	want(t, "a mask that nobody wears", err, errs.Forbidden)
}

func TestWhoDoesNotBelongLearnsNothing(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, _ *testkit.Database) {
		anna, boris, stranger := arrive(t, n.store), arrive(t, n.store), arrive(t, n.store).Profile.ID
		if _, err := room.EnsureGlobal(t.Context(), n.store, dice, start); err != nil {
			t.Fatal(err)
		}
		private, public := open(t, n, anna, room.Private, 2).ID, open(t, n, anna, room.Public, 2).ID
		if _, err := n.Join(t.Context(), boris.Actor, public); err != nil {
			t.Fatal(err)
		}
		for id, code := range map[room.ID]errs.Code{private: errs.NotFound, public: errs.NotMember, 77: errs.NotFound, 0: errs.NotFound, -1: errs.NotFound} {
			_, err := n.Belongs(t.Context(), stranger, id)
			want(t, "belongs", err, code)
			want(t, "leave", n.Leave(t.Context(), stranger, id), code)
			want(t, "close", n.Close(t.Context(), stranger, id), code)
			want(t, "remove", n.Remove(t.Context(), stranger, id, anna.Profile.ID), code)
			_, err = n.Edit(t.Context(), stranger, id, room.Edit{Title: new("mine")})
			want(t, "edit", err, code)
			_, err = n.State(t.Context(), stranger, id)
			if seen := code == errs.NotMember; seen != (err == nil) || !seen && errs.CodeOf(err) != errs.NotFound {
				t.Errorf("the room %d is shown to a stranger: %v", id, err)
			}
		}
		_, err := n.Join(t.Context(), person{Actor: profile.Actor{Profile: profile.Profile{ID: stranger}}}.Actor, private)
		want(t, "join a private room", err, errs.NotFound)
		want(t, "leave the global room", n.Leave(t.Context(), anna.Profile.ID, room.Global), errs.Forbidden)
		want(t, "close the global room", n.Close(t.Context(), anna.Profile.ID, room.Global), errs.Forbidden)
		if _, err := n.Belongs(t.Context(), stranger, room.Global); err != nil {
			t.Errorf("the global room: %v", err)
		}
		want(t, "close by a member", n.Close(t.Context(), boris.Profile.ID, public), errs.Forbidden)
		want(t, "remove by a member", n.Remove(t.Context(), boris.Profile.ID, public, anna.Profile.ID), errs.Forbidden)
	})
}

func TestAnOwnerRunsTheRoom(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, _ *testkit.Database) {
		anna, boris, vera := arrive(t, n.store), arrive(t, n.store), arrive(t, n.store)
		id := open(t, n, anna, room.Public, 2).ID
		if _, err := n.Join(t.Context(), boris.Actor, id); err != nil {
			t.Fatal(err)
		}
		_, err := n.Join(t.Context(), vera.Actor, id)
		want(t, "no seat", err, errs.RoomFull)
		want(t, "remove oneself", n.Remove(t.Context(), anna.Profile.ID, id, anna.Profile.ID), errs.Forbidden)
		want(t, "remove nobody", n.Remove(t.Context(), anna.Profile.ID, id, vera.Profile.ID), errs.NotFound)
		want(t, "remove", n.Remove(t.Context(), anna.Profile.ID, id, boris.Profile.ID), "")
		if s, err := n.Edit(t.Context(), anna.Profile.ID, id, room.Edit{Title: new("Balcony"), Locked: new(true)}); err != nil || s.Title != "Balcony" || !s.Locked || s.Head != 4 || s.Rev != 4 {
			t.Errorf("edited %+v, %v", s, err)
		}
		if s, err := n.Edit(t.Context(), anna.Profile.ID, id, room.Edit{Title: new("Balcony")}); err != nil || s.Head != 4 {
			t.Errorf("an edit that changes nothing took a seq: %+v, %v", s, err)
		}
		_, err = n.Join(t.Context(), vera.Actor, id)
		want(t, "join a locked room", err, errs.Forbidden)
		if _, err := n.Edit(t.Context(), anna.Profile.ID, id, room.Edit{Locked: new(false)}); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Join(t.Context(), vera.Actor, id); err != nil {
			t.Fatal(err)
		}
		_, err = n.Edit(t.Context(), anna.Profile.ID, id, room.Edit{Owner: new(boris.Profile.ID)})
		want(t, "hand over to a stranger", err, errs.ValidationFailed)
		if s, err := n.Edit(t.Context(), anna.Profile.ID, id, room.Edit{Owner: new(vera.Profile.ID)}); err != nil || s.Owner != vera.Profile.ID {
			t.Errorf("handed over: %+v, %v", s, err)
		}
		want(t, "leave as the owner", n.Leave(t.Context(), vera.Profile.ID, id), "")
		if s, err := n.Belongs(t.Context(), anna.Profile.ID, id); err != nil || s.Owner != anna.Profile.ID {
			t.Errorf("the room went to %+v, %v", s, err)
		}
		want(t, "close", n.Close(t.Context(), anna.Profile.ID, id), "")
		_, err = n.Belongs(t.Context(), anna.Profile.ID, id)
		want(t, "after the end", err, errs.RoomClosed)
		if mine, err := n.Mine(t.Context(), anna.Profile.ID); err != nil || len(mine) != 0 {
			t.Errorf("own rooms: %+v, %v", mine, err)
		}
		told := n.notes.of(id)
		for i, s := range told {
			if s.Head != int64(i+2) || s.Rev != s.Head {
				t.Errorf("change %d was told as %d", i+2, s.Head)
			}
		}
		if last := told[len(told)-1]; last.ClosedAt.IsZero() || len(told) != 8 {
			t.Errorf("%d changes were told, the last one %+v", len(told), last)
		}
	})
}

func TestARoomEndsWithItsTimeAndIsDeletedLater(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, db *testkit.Database) {
		anna, boris := arrive(t, n.store), arrive(t, n.store)
		s, err := n.Create(t.Context(), anna.Actor, room.Proposal{Title: "x", Capacity: 2, Visibility: room.Public, LifetimeHours: new(1)})
		if err != nil {
			t.Fatal(err)
		}
		stays := open(t, n, boris, room.Public, 2).ID
		if got, err := n.CloseExpired(t.Context(), 10); got != 0 || err != nil {
			t.Errorf("closed %d, %v", got, err)
		}
		n.forward(time.Hour)
		_, err = n.Belongs(t.Context(), anna.Profile.ID, s.ID)
		want(t, "belongs after the end", err, errs.RoomClosed)
		_, err = n.Join(t.Context(), boris.Actor, s.ID)
		want(t, "join after the end", err, errs.RoomClosed)
		if list, err := n.Public(t.Context(), "", 0, 10); err != nil || len(list) != 1 || list[0].ID != stays {
			t.Errorf("public rooms: %+v, %v", list, err)
		}
		for _, found := range []int{1, 0} {
			if got, err := n.CloseExpired(t.Context(), 10); got != found || err != nil {
				t.Errorf("closed %d, %v; want %d", got, err, found)
			}
		}
		if told := n.notes.of(s.ID); len(told) != 1 || told[0].ClosedAt.IsZero() {
			t.Errorf("told %+v", told)
		}
		if got, err := n.DropClosed(t.Context(), 10); got != 0 || err != nil {
			t.Errorf("dropped %d at once, %v", got, err)
		}
		n.forward(25 * time.Hour)
		if got, err := n.DropClosed(t.Context(), 10); got != 1 || err != nil {
			t.Errorf("dropped %d, %v", got, err)
		}
		_, err = n.Belongs(t.Context(), anna.Profile.ID, s.ID)
		want(t, "after the deletion", err, errs.NotFound)
		if left := db.Count(t, `SELECT COUNT(*) FROM members`); left != 1 {
			t.Errorf("%d seats are left, want that of the other room", left)
		}
	})
}

func TestPublicRoomsAreFoundByTheirTitles(t *testing.T) {
	t.Parallel()
	eachNode(t, func(t *testing.T, n *node, _ *testkit.Database) {
		anna := arrive(t, n.store)
		for _, title := range []string{"Ёжики в ТУМАНЕ", "100% чай", "a_b", "Straße"} {
			if _, err := n.Create(t.Context(), anna.Actor, room.Proposal{Title: title, Capacity: 2, Visibility: room.Public}); err != nil {
				t.Fatal(err)
			}
		}
		open(t, n, anna, room.Private, 2)
		locked := open(t, n, anna, room.Public, 2).ID
		if _, err := n.Edit(t.Context(), anna.Profile.ID, locked, room.Edit{Locked: new(true)}); err != nil {
			t.Fatal(err)
		}
		for query, title := range map[string]string{"ёжик": "Ёжики в ТУМАНЕ", "Тумане": "Ёжики в ТУМАНЕ", "0%": "100% чай", "A_B": "a_b", "STRASSE": "Straße", "!": "", "%%": "", "kitchen": ""} {
			var titles []string
			found, err := n.Public(t.Context(), query, 0, 10)
			for _, r := range found {
				titles = append(titles, r.Title)
			}
			if got := strings.Join(titles, ", "); got != title || err != nil {
				t.Errorf("%q finds %s, %v", query, got, err)
			}
		}
		var after room.ID
		seen := 0
		for {
			page, err := n.Public(t.Context(), "", after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			after = page[len(page)-1].ID
			seen += len(page)
		}
		if seen != 4 {
			t.Errorf("the pages hold %d rooms", seen)
		}
		for _, bad := range []string{"\x00", "\xff", strings.Repeat("a", 65)} {
			_, err := n.Public(t.Context(), bad, 0, 10)
			want(t, bad, err, errs.ValidationFailed)
		}
	})
}
