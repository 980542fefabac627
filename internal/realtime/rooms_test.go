package realtime_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/view"
)

// open makes a small room that a person owns.
func (c *chat) open(t testing.TB, owner person, visibility room.Visibility, seats int) room.ID {
	t.Helper()
	s, err := c.rooms.Create(t.Context(), c.actor(owner), room.Proposal{Title: "Kitchen", Capacity: seats, Visibility: visibility})
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

// seat gives people seats without their sockets.
func (c *chat) seat(t testing.TB, id room.ID, people ...person) {
	t.Helper()
	for _, who := range people {
		if _, err := c.rooms.Join(t.Context(), c.actor(who), id); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *chat) sayIn(t testing.TB, id room.ID, who person, contents ...string) {
	t.Helper()
	for _, content := range contents {
		d, err := message.NewDraft(message.Proposal{Room: id, Content: content})
		if err == nil {
			_, err = c.sender.Send(t.Context(), c.actor(who), d)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func payloadOf(id room.ID) string { return fmt.Sprintf(`{"roomId":%d}`, id) }

// join subscribes a socket to a small room and returns what it is told of it.
func (c *client) join(id room.ID) view.Entered {
	c.t.Helper()
	ack := c.call("join", payloadOf(id))
	if code := errorCode(c.t, ack); code != "" {
		c.t.Fatalf("join: %s", ack)
	}
	if got := into[view.Joined](c.t, c.await("joined").data); got.Room != float64(id) {
		c.t.Errorf("joined %v, want %d", got.Room, id)
	}
	return into[view.Entered](c.t, ack)
}

// hears reports whether anything of a room lies in the inbox.
func (c *client) hears(id room.ID) (heard []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.inbox {
		if e.name != "notice" && (strings.Contains(e.text, fmt.Sprintf(`"roomId":%d,`, id)) || strings.Contains(e.text, fmt.Sprintf(`"%d":`, id))) {
			heard = append(heard, e.text)
		}
	}
	return heard
}

// settle waits until everything that was sent to the socket before has come.
func (c *client) settle() { c.call("read", `{"roomId":1,"seq":0}`) }

func TestJoinTakesASeatAndHearsTheRoom(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris, vera := c.arrive(t), c.arrive(t), c.arrive(t)
	id, private := c.open(t, anna, room.Public, 2), c.open(t, anna, room.Private, 6)
	ann, bor, ver := c.enter(t, anna.token), c.enter(t, boris.token), c.enter(t, vera.token)
	if got := ann.join(id); got.Head != 1 || got.Room.Members != 1 || got.Epoch == "" || *got.Room.OwnerID != int64(anna.profile.ID) {
		t.Errorf("the owner entered %+v", got)
	}
	if got := bor.join(id); got.Head != 2 || got.Room.Members != 2 || got.Room.ID != int64(id) || got.Room.Head != 2 {
		t.Errorf("a guest entered %+v", got)
	}
	change := into[view.RoomChange](t, ann.await("room").data)
	if change.RoomID != int64(id) || change.Seq != 2 || len(change.People) != 2 || change.People[1].ID != int64(boris.profile.ID) || change.Room.Members != 2 {
		t.Errorf("the owner was told %+v", change)
	}
	for _, again := range []*client{bor, ann} {
		if got := again.join(id); got.Head != 2 {
			t.Errorf("joining again took a seq: %+v", got)
		}
	}
	for payload, code := range map[string]errs.Code{
		payloadOf(id): errs.RoomFull, payloadOf(private): errs.NotFound, payloadOf(7): errs.NotFound, `{"roomId":-1}`: errs.NotFound, `{}`: errs.ValidationFailed, `{"roomId":"x"}`: errs.ValidationFailed,
	} {
		if got := errorCode(t, ver.call("join", payload)); got != string(code) {
			t.Errorf("join %s: %s, want %s", payload, got, code)
		}
	}
	for event, payload := range map[string]string{
		"sync": fmt.Sprintf(`{"roomId":%d,"after":0}`, id), "read": fmt.Sprintf(`{"roomId":%d,"seq":0}`, id), "leave": payloadOf(id),
		"message": fmt.Sprintf(`{"roomId":%d,"content":"let me in"}`, id), "typing": payloadOf(id),
	} {
		if got := errorCode(t, ver.call(event, payload)); got != "not_member" {
			t.Errorf("%s by a stranger: %s", event, got)
		}
		if got := errorCode(t, ver.call(event, strings.ReplaceAll(payload, fmt.Sprint(id), fmt.Sprint(private)))); got != "not_found" {
			t.Errorf("%s in a private room by a stranger: %s", event, got)
		}
	}
	if got := bor.call("message", fmt.Sprintf(`{"roomId":%d,"content":"hello"}`, id)); errorCode(t, got) != "" {
		t.Fatalf("message: %s", got)
	}
	for _, cl := range []*client{ann, bor} {
		if got := into[view.Message](t, cl.await("message").data); got.RoomID != int64(id) || got.Seq != 3 || got.Content != "hello" {
			t.Errorf("message %+v", got)
		}
	}
	ver.settle()
	if heard := ver.hears(id); heard != nil {
		t.Errorf("a stranger hears %v", heard)
	}
}

func TestAfterLeavingNothingArrives(t *testing.T) {
	t.Parallel()
	for what, do := range map[string]func(c *chat, id room.ID, owner, guest person, first *client){
		"leave": func(_ *chat, id room.ID, _, _ person, first *client) {
			if got := into[view.Left](first.t, first.call("leave", payloadOf(id))); got.RoomID != int64(id) {
				first.t.Errorf("left %+v", got)
			}
		},
		"removed": func(c *chat, id room.ID, owner, guest person, first *client) {
			if err := c.rooms.Remove(first.t.Context(), owner.profile.ID, id, guest.profile.ID); err != nil {
				first.t.Error(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newChat(t, nil)
			anna, boris := c.arrive(t), c.arrive(t)
			id := c.open(t, anna, room.Public, 3)
			ann, one, two := c.enter(t, anna.token), c.enter(t, boris.token), c.enter(t, boris.token)
			ann.join(id)
			one.join(id)
			two.join(id)
			ann.await("room")
			do(c, id, anna, boris, one)
			for _, cl := range []*client{one, two} {
				if got := into[view.Out](t, cl.await("notice").data); got.RoomID != int64(id) || got.Code != "not_member" || got.Message == "" {
					t.Errorf("notice %+v", got)
				}
				cl.forget()
			}
			c.sayIn(t, id, anna, "now we are alone")
			c.say(t, anna, "in the global room")
			if got := into[view.RoomChange](t, ann.await("room").data); len(got.People) != 1 {
				t.Errorf("who stays is told %+v", got)
			}
			for _, cl := range []*client{one, two} {
				if got := into[view.Message](t, cl.await("message").data); got.RoomID != 1 {
					t.Errorf("after leaving came %+v", got)
				}
				if heard := cl.hears(id); heard != nil {
					t.Errorf("after leaving came %v", heard)
				}
				if got := errorCode(t, cl.call("sync", fmt.Sprintf(`{"roomId":%d,"after":0}`, id))); got != "not_member" {
					t.Errorf("sync after leaving: %s", got)
				}
			}
		})
	}
}

func TestAClosedRoomSaysSoAndIsSilent(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris := c.arrive(t), c.arrive(t)
	id := c.open(t, anna, room.Public, 2)
	bor := c.enter(t, boris.token)
	bor.join(id)
	if err := c.rooms.Close(t.Context(), anna.profile.ID, id); err != nil {
		t.Fatal(err)
	}
	if got := into[view.RoomChange](t, bor.await("room").data); !got.Room.Closed || got.Seq != 3 {
		t.Errorf("told %+v", got)
	}
	for _, event := range []string{"join", "leave", "typing"} {
		if got := errorCode(t, bor.call(event, payloadOf(id))); got != "room_closed" {
			t.Errorf("%s in a closed room: %s", event, got)
		}
	}
	if got := errorCode(t, bor.call("message", fmt.Sprintf(`{"roomId":%d,"content":"x"}`, id))); got != "room_closed" {
		t.Errorf("message in a closed room: %s", got)
	}
}

func TestAnotherMaskHearsNothingOfTheRoomsOfTheFirst(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris := c.arrive(t), c.arrive(t)
	id := c.open(t, anna, room.Public, 2)
	bor := c.enter(t, boris.token)
	bor.join(id)
	c.newMask(t, &boris)
	c.hub.MaskChanged(boris.key)
	bor.await("mask")
	bor.forget()
	c.sayIn(t, id, anna, "are you there?")
	bor.settle()
	if heard := bor.hears(id); heard != nil {
		t.Errorf("the new mask hears %v", heard)
	}
	if got := errorCode(t, bor.call("join", payloadOf(id))); got != "room_full" {
		t.Errorf("the seat of the old mask was taken: %s", got)
	}
}

func TestOfSocketsThatWantOneSeatOneGetsIt(t *testing.T) {
	t.Parallel()
	here, there := twoNodes(t, realtime.Timing{}, nil)
	id := here.open(t, here.arrive(t), room.Public, 2)
	var clients []*client
	for i := range 8 {
		node := []*chat{here, there}[i%2]
		clients = append(clients, node.enter(t, node.arrive(t).token))
	}
	var answers []func() json.RawMessage
	for _, cl := range clients {
		answers = append(answers, cl.ask("join", payloadOf(id)))
	}
	won := 0
	for _, answer := range answers {
		switch code := errorCode(t, answer()); code {
		case "":
			won++
		case "room_full":
		default:
			t.Error(code)
		}
	}
	if s, err := here.db.State(t.Context(), id); won != 1 || err != nil || len(s.People) != 2 {
		t.Errorf("%d won; the room is %+v, %v", won, s, err)
	}
}

func (c *chat) resumeIn(t testing.TB, who person, id room.ID, after int64, epoch string) *client {
	t.Helper()
	cl := c.dial(t, fmt.Sprintf(`{"token":%q,"rooms":{"%d":%d},"epochs":{"%d":%q}}`, who.token, id, after, id, epoch))
	cl.await("joined")
	return cl
}

func TestWhoComesBackToASmallRoomGetsItsChangesToo(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.unlimited = true })
	anna, boris, vera := c.arrive(t), c.arrive(t), c.arrive(t)
	id := c.open(t, anna, room.Public, 3)    // 1
	c.seat(t, id, boris)                     // 2
	c.sayIn(t, id, anna, "3", "4")           // 3, 4
	c.seat(t, id, vera)                      // 5
	c.sayIn(t, id, vera, "6")                // 6
	title := room.Edit{Title: new("Garden")} // 7
	if _, err := c.rooms.Edit(t.Context(), anna.profile.ID, id, title); err != nil {
		t.Fatal(err)
	}
	c.sayIn(t, id, anna, "8")
	type want struct {
		contents string
		people   int
	}
	var clients []*client
	for after, want := range map[int64]want{0: {"3 4 6 8", 3}, 4: {"6 8", 3}, 6: {"8", 3}, 7: {"8", 0}, 8: {"", 0}, 9: {"3 4 6 8", 3}} {
		cl := c.resumeIn(t, boris, id, after, "")
		got := into[view.Sync](t, cl.await("sync").data)
		if contentsOf(got.Items) != want.contents || got.Head != 8 || got.RoomID != int64(id) || got.Reset != (after > 8) || len(got.People) != want.people || (got.Room != nil) != (want.people > 0) {
			t.Errorf("after %d: %+v", after, got)
		}
		if got.Room != nil && (got.Room.Title != "Garden" || got.Room.Members != 3) {
			t.Errorf("after %d the room is %+v", after, got.Room)
		}
		cl.await("presence")
		clients = append(clients, cl)
	}
	c.sayIn(t, id, vera, "9")
	c.sayIn(t, id, vera, "10")
	for _, cl := range clients {
		for _, content := range []string{"9", "10"} {
			if next := into[view.Message](t, cl.await("message").data); next.Content != content || next.RoomID != int64(id) {
				t.Errorf("then came %+v", next)
			}
		}
	}
	before := c.feed.Stats()
	cl := c.resumeIn(t, boris, id, 8, "")
	if got := into[view.Sync](t, cl.await("sync").data); contentsOf(got.Items) != "9 10" || c.feed.Stats().FromTail != before.FromTail+1 {
		t.Errorf("from the tail: %+v", got)
	}
	if err := c.rooms.Remove(t.Context(), anna.profile.ID, id, boris.profile.ID); err != nil {
		t.Fatal(err)
	}
	out := c.resumeIn(t, boris, id, 8, "")
	if got := into[view.Out](t, out.await("notice").data); got.RoomID != int64(id) || got.Code != "not_member" {
		t.Errorf("who was removed is told %+v", got)
	}
	out.await("presence")
	if heard := out.hears(id); heard != nil {
		t.Errorf("who was removed gets %v", heard)
	}
	many := map[string]int{}
	for i := range 33 {
		many[fmt.Sprint(i+2)] = 0
	}
	text, err := json.Marshal(map[string]any{"token": anna.token, "rooms": many})
	if err != nil {
		t.Fatal(err)
	}
	if !c.dial(t, string(text)).answered("connect_error") {
		t.Error("33 rooms were taken")
	}
}

func TestASignInListsOnesRooms(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	id := c.open(t, anna, room.Private, 2)
	cl := c.dial(t, "")
	cl.await("connect")
	got := into[view.Welcome](t, cl.call("auth", `{"token":"`+anna.token+`"}`))
	if len(got.Rooms) != 2 || got.Rooms[0].ID != 1 || got.Rooms[1].ID != int64(id) || got.Rooms[1].Members != 1 {
		t.Errorf("welcome %+v", got)
	}
}

// Whoever loses his seat on one node is silent on the other one too, also when the bus lost the news.
func TestALostSeatIsLostOnEveryNode(t *testing.T) {
	t.Parallel()
	for what, lose := range map[string]func(int) bool{"bus": nil, "no bus": func(int) bool { return true }} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			here, there := twoNodes(t, realtime.Timing{Tick: 5 * time.Millisecond, HeadCheck: 20 * time.Millisecond}, lose)
			anna, boris := here.arrive(t), here.arrive(t)
			id := here.open(t, anna, room.Public, 2)
			ann, bor := here.enter(t, anna.token), there.enter(t, boris.token)
			ann.join(id)
			if got := bor.join(id); got.Head > 2 || got.Room.Members != 2 {
				t.Errorf("entered %+v", got)
			}
			here.sayIn(t, id, anna, "hello")
			if lose == nil {
				if got := into[view.Message](t, bor.await("message").data); got.Content != "hello" {
					t.Errorf("message %+v", got)
				}
			}
			if err := here.rooms.Remove(t.Context(), anna.profile.ID, id, boris.profile.ID); err != nil {
				t.Fatal(err)
			}
			here.sayIn(t, id, anna, "gone")
			bor.await("notice")
			here.sayIn(t, id, anna, "still gone")
			bor.settle()
			for _, heard := range bor.hears(id) {
				if strings.Contains(heard, "gone") {
					t.Errorf("who was removed hears %s", heard)
				}
			}
			if got := errorCode(t, bor.call("message", fmt.Sprintf(`{"roomId":%d,"content":"x"}`, id))); got != "not_member" {
				t.Errorf("his message: %s", got)
			}
		})
	}
}

// Everybody talks in rooms of his own choice while seats are given up and taken, on two nodes and a bus
// that loses: each hears his rooms without a hole, and nothing of any other.
func TestNothingLeaksBetweenRooms(t *testing.T) {
	t.Parallel()
	here, there := twoNodes(t, realtime.Timing{Tick: 5 * time.Millisecond, HeadCheck: 50 * time.Millisecond}, func(batch int) bool { return batch%4 == 0 })
	nodes := []*chat{here, there}
	const rooms, people, rounds = 4, 8, 12
	var ids []room.ID
	for range rooms {
		ids = append(ids, here.open(t, here.arrive(t), room.Public, 6))
	}
	type listener struct {
		person
		*client
		node  *chat
		rooms map[room.ID]int64 // where it came in
	}
	var all []*listener
	for i := range people {
		l := &listener{person: here.arrive(t), node: nodes[i%2], rooms: map[room.ID]int64{}}
		l.client = l.node.enter(t, l.token)
		for k, id := range ids {
			if (i+k)%2 == 0 { // four of eight in each room
				l.rooms[id] = l.join(id).Head
			}
		}
		all = append(all, l)
	}
	var talking sync.WaitGroup
	for _, l := range all {
		talking.Go(func() {
			for n := range rounds {
				for id := range l.rooms {
					here.talk(t, l.node, l.person, id, fmt.Sprintf("%d in %d", n, id))
				}
			}
		})
	}
	talking.Go(func() { // guests come and go meanwhile
		for n := range rounds {
			guest := here.arrive(t)
			id := ids[rand.IntN(len(ids))] //nolint:gosec // which one does not matter
			here.seat(t, id, guest)
			here.talk(t, nodes[n%2], guest, id, "only passing by")
			if err := nodes[n%2].rooms.Leave(t.Context(), guest.profile.ID, id); err != nil {
				t.Error(err)
			}
		}
	})
	talking.Wait()
	for _, id := range ids {
		r, err := here.db.Room(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range all {
			came, member := l.rooms[id]
			if !member {
				if heard := l.hears(id); heard != nil {
					t.Fatalf("listener %d hears of a room that is not its own: %v", i, heard)
				}
				continue
			}
			l.awaitSeqs(id, came, r.Head)
		}
	}
	for i, l := range all {
		for _, id := range ids {
			if _, member := l.rooms[id]; !member && l.hears(id) != nil {
				t.Errorf("listener %d hears of a room that is not its own", i)
			}
		}
	}
}

func (c *chat) talk(t testing.TB, node *chat, who person, id room.ID, content string) {
	d, err := message.NewDraft(message.Proposal{Room: id, Content: content})
	if err == nil {
		_, err = node.sender.Send(t.Context(), c.actor(who), d)
	}
	if err != nil {
		t.Error(err)
	}
}

// awaitSeqs waits until a socket has everything of a room between two seqs, and checks the order.
func (c *client) awaitSeqs(id room.ID, after, head int64) {
	c.t.Helper()
	var disorder error
	last := after
	c.until(fmt.Sprintf("seq %d of room %d", head, id), func() bool {
		last, disorder = after, nil
		for _, e := range c.inbox {
			var v struct {
				RoomID int64 `json:"roomId"`
				Seq    int64
				Head   int64
				Items  []view.Message
			}
			if json.Unmarshal(e.data, &v) != nil || v.RoomID != int64(id) {
				continue
			}
			switch {
			case e.name == "sync" && v.Head > last:
				last = v.Head
			case e.name == "message" && v.Seq == last+1, e.name == "room" && v.Seq == last+1:
				last = v.Seq
			case e.name == "message", e.name == "room", e.name == "sync":
				disorder = fmt.Errorf("after %d came %s", last, e.text)
			}
			for _, item := range v.Items {
				if item.RoomID != int64(id) {
					disorder = fmt.Errorf("a message of another room: %s", e.text)
				}
			}
		}
		return last >= head || disorder != nil
	})
	if disorder != nil {
		c.t.Error(disorder)
	}
}

func TestPresenceIsExactInASmallRoom(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.timing.Presence = time.Millisecond })
	anna, boris := c.arrive(t), c.arrive(t)
	id := c.open(t, anna, room.Public, 3)
	ann := c.enter(t, anna.token)
	ann.join(id)
	await := func(online int) {
		t.Helper()
		for {
			if got := into[view.Presence](t, ann.await("presence").data); got.RoomID == int64(id) && got.Online == online {
				return
			}
		}
	}
	await(1)
	one, two := c.enter(t, boris.token), c.enter(t, boris.token)
	one.join(id)
	two.join(id)
	await(2)
	if got := c.feed.Online(id); got != 2 {
		t.Errorf("%d online", got)
	}
	for _, cl := range []*client{one, two} {
		if err := cl.conn.CloseNow(); err != nil {
			t.Fatal(err)
		}
	}
	await(1)
}

func TestRoomsThatNobodyHearsAreForgotten(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	c.sign(&anna, 10_000*time.Hour)
	ann := c.enter(t, anna.token)
	var ids []room.ID
	for range 3 {
		ids = append(ids, c.open(t, anna, room.Private, 2))
		ann.join(ids[len(ids)-1])
	}
	stays := c.open(t, anna, room.Private, 2)
	ann.join(stays)
	for _, id := range ids {
		if err := c.rooms.Leave(t.Context(), anna.profile.ID, id); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(patience)
	for c.feed.Stats().Rooms > 2 {
		if time.Now().After(deadline) {
			t.Fatalf("%d rooms are kept", c.feed.Stats().Rooms)
		}
		c.clock.forward(2 * time.Minute)
		ann.settle()
	}
	c.sayIn(t, stays, anna, "still here")
	ann.await("message")
}
