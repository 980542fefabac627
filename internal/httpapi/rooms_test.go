package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"maska/internal/testkit"
	"maska/internal/view"
)

func openRoom(t *testing.T, s *testkit.Server, owner *testkit.Person, body string) view.Room {
	t.Helper()
	answer := s.Do(http.MethodPost, "/api/rooms", body, owner.Bearer())
	if answer.Status != http.StatusOK {
		t.Fatalf("open a room: %d %s", answer.Status, answer.Body)
	}
	var got view.Room
	answer.Into(t, &got)
	return got
}

func roomPath(id int64, rest string) string { return fmt.Sprintf("/api/rooms/%d%s", id, rest) }

func titles(rooms view.Rooms) string {
	var all []string
	for _, r := range rooms.Items {
		all = append(all, r.Title)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestASmallRoomFromItsOpeningToItsEnd(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	anna, boris, vera := s.Enter(1), s.Enter(2), s.Enter(3)
	opened := openRoom(t, s, anna, `{"title":" Кухня ","capacity":2,"visibility":"public","lifetimeHours":3}`)
	if opened.Title != "Кухня" || opened.Kind != "group" || opened.Members != 1 || opened.Capacity != 2 || opened.Head != 1 || opened.OwnerID == nil ||
		*opened.OwnerID != anna.Mask || opened.ExpiresAt == "" || opened.Closed || opened.Locked {
		t.Errorf("opened %+v", opened)
	}
	steps := []struct {
		who          *testkit.Person
		method, path string
		body         string
		status       int
		code         string
	}{
		{boris, "GET", roomPath(opened.ID, ""), "", 200, ""},
		{boris, "GET", roomPath(opened.ID, "/members"), "", 403, "not_member"},
		{boris, "GET", roomPath(opened.ID, "/messages"), "", 403, "not_member"},
		{boris, "GET", fmt.Sprintf("/rooms/%d/messages", opened.ID), "", 403, "not_member"},
		{boris, "POST", roomPath(opened.ID, "/messages"), `{"content":"hello"}`, 403, "not_member"},
		{boris, "POST", roomPath(opened.ID, "/leave"), "", 403, "not_member"},
		{boris, "PATCH", roomPath(opened.ID, ""), `{"title":"mine"}`, 403, "not_member"},
		{boris, "POST", roomPath(opened.ID, "/join"), "", 200, ""},
		{boris, "POST", roomPath(opened.ID, "/join"), "", 200, ""},
		{vera, "POST", roomPath(opened.ID, "/join"), "", 409, "room_full"},
		{boris, "POST", roomPath(opened.ID, "/messages"), `{"content":"hello"}`, 200, ""},
		{anna, "GET", roomPath(opened.ID, "/messages"), "", 200, ""},
		{boris, "PATCH", roomPath(opened.ID, ""), `{"title":"mine"}`, 403, "forbidden"},
		{boris, "DELETE", roomPath(opened.ID, ""), "", 403, "forbidden"},
		{boris, "DELETE", roomPath(opened.ID, fmt.Sprint("/members/", anna.Mask)), "", 403, "forbidden"},
		{anna, "DELETE", roomPath(opened.ID, fmt.Sprint("/members/", vera.Mask)), "", 404, "not_found"},
		{anna, "DELETE", roomPath(opened.ID, "/members/x"), "", 404, "not_found"},
		{anna, "PATCH", roomPath(opened.ID, ""), `{"title":"\u202e"}`, 400, "validation_failed"},
		{anna, "PATCH", roomPath(opened.ID, ""), `{"locked":"yes"}`, 400, "validation_failed"},
		{anna, "PATCH", roomPath(opened.ID, ""), fmt.Sprintf(`{"ownerId":%d}`, vera.Mask), 400, "validation_failed"},
		{anna, "DELETE", roomPath(opened.ID, fmt.Sprint("/members/", boris.Mask)), "", 200, ""},
		{boris, "GET", roomPath(opened.ID, "/messages"), "", 403, "not_member"},
		{anna, "PATCH", roomPath(opened.ID, ""), `{"title":"Balcony","locked":true}`, 200, ""},
		{boris, "POST", roomPath(opened.ID, "/join"), "", 403, "forbidden"},
		{anna, "PATCH", roomPath(opened.ID, ""), `{"locked":false}`, 200, ""},
		{vera, "POST", roomPath(opened.ID, "/join"), "", 200, ""},
		{anna, "PATCH", roomPath(opened.ID, ""), fmt.Sprintf(`{"ownerId":%d}`, vera.Mask), 200, ""},
		{anna, "POST", roomPath(opened.ID, "/leave"), "", 200, ""},
		{vera, "DELETE", roomPath(opened.ID, ""), "", 200, ""},
		{vera, "GET", roomPath(opened.ID, ""), "", 410, "room_closed"},
		{vera, "POST", roomPath(opened.ID, "/messages"), `{"content":"x"}`, 410, "room_closed"},
		{anna, "POST", roomPath(opened.ID, "/join"), "", 410, "room_closed"},
		{anna, "POST", roomPath(1, "/leave"), "", 403, "forbidden"},
		{anna, "GET", roomPath(1, "/members"), "", 403, "forbidden"},
		{anna, "DELETE", roomPath(1, ""), "", 403, "forbidden"},
		{anna, "POST", roomPath(1, "/join"), "", 200, ""},
		{anna, "GET", roomPath(1, ""), "", 200, ""},
	}
	for i, step := range steps {
		answer := s.Do(step.method, step.path, step.body, step.who.Bearer())
		if answer.Status != step.status || answer.Code() != step.code {
			t.Fatalf("step %d, %s %s: %d %s", i, step.method, step.path, answer.Status, answer.Body)
		}
		for _, p := range []*testkit.Person{anna, boris, vera} {
			mustNotHold(t, step.path, string(answer.Body), secrets(p))
		}
	}
}

func TestPrivateRoomsAreUnknownToOthers(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	anna, stranger := s.Enter(1), s.Enter(2)
	id := openRoom(t, s, anna, `{"title":"secret","capacity":6,"visibility":"private"}`).ID
	for _, c := range []struct{ method, path, body string }{
		{"GET", "", ""},
		{"PATCH", "", `{}`},
		{"DELETE", "", ""},
		{"POST", "/join", ""},
		{"POST", "/leave", ""},
		{"GET", "/members", ""},
		{"DELETE", fmt.Sprint("/members/", anna.Mask), ""},
		{"GET", "/messages", ""},
		{"POST", "/messages", `{"content":"x"}`},
	} {
		known, unknown := s.Do(c.method, roomPath(id, c.path), c.body, stranger.Bearer()), s.Do(c.method, roomPath(id-1, c.path), c.body, stranger.Bearer())
		if known.Status != 404 || unknown.Status != 404 || known.Code() != "not_found" || unknown.Code() != "not_found" || strings.Contains(string(known.Body), "secret") {
			t.Errorf("%s %s: %s; of a room that does not exist: %s", c.method, c.path, known.Body, unknown.Body)
		}
	}
	var mine, public view.Rooms
	s.Do("GET", "/api/rooms", "", anna.Bearer()).Into(t, &mine)
	s.Do("GET", "/api/rooms?scope=public", "", stranger.Bearer()).Into(t, &public)
	if titles(mine) != "Maska, secret" || mine.Items[0].ID != 1 || mine.Next != nil || len(public.Items) != 0 || public.Items == nil {
		t.Errorf("own rooms %+v, public ones %+v", mine, public)
	}
}

func TestPublicRoomsAreListedInPages(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "RATE_LIMITS=off")
	anna := s.Enter(1)
	for i := range 7 {
		openRoom(t, s, anna, fmt.Sprintf(`{"title":"Room %d","capacity":2,"visibility":"public"}`, i))
	}
	var all view.Rooms
	for next := ""; ; {
		var page view.Rooms
		s.Do("GET", "/api/rooms?scope=public&limit=3"+next, "", anna.Bearer()).Into(t, &page)
		all.Items = append(all.Items, page.Items...)
		if page.Next == nil {
			break
		}
		next = "&cursor=" + *page.Next
	}
	if got := titles(all); got != "Room 0, Room 1, Room 2, Room 3, Room 4, Room 5, Room 6" {
		t.Errorf("the pages hold %s", got)
	}
	var found view.Rooms
	s.Do("GET", "/api/rooms?scope=public&q=rOOm+3", "", anna.Bearer()).Into(t, &found)
	if titles(found) != "Room 3" {
		t.Errorf("found %+v", found)
	}
	for _, query := range []string{"scope=all", "scope=public&q=%00", "scope=public&cursor=*", "scope=public&cursor=eHk", "limit=0", "scope=public&limit=201", "scope=public&q=" + strings.Repeat("a", 65)} {
		if answer := s.Do("GET", "/api/rooms?"+query, "", anna.Bearer()); answer.Status != 400 || answer.Code() != "validation_failed" {
			t.Errorf("%s: %d %s", query, answer.Status, answer.Body)
		}
	}
}

func TestRoomsAreOpenedWithinTheRules(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	anna := s.Enter(1)
	for body, code := range map[string]string{
		`{}`: "validation_failed", `{"title":"x","capacity":7,"visibility":"public"}`: "validation_failed", `{"title":"x","capacity":1,"visibility":"public"}`: "validation_failed",
		`{"title":"","capacity":2,"visibility":"public"}`: "validation_failed", `{"title":"x","capacity":2,"visibility":"open"}`: "validation_failed",
		`{"title":"x","capacity":2,"visibility":"public","lifetimeHours":0}`: "validation_failed", `{"title":"x","capacity":2,"visibility":"public","lifetimeHours":169}`: "validation_failed",
		`{"title":"x","capacity":"2","visibility":"public"}`: "validation_failed", `{"title":"x","capacity":2.5,"visibility":"public"}`: "validation_failed",
		`{"title":"x","title":"y","capacity":2,"visibility":"public"}`: "malformed_json",
	} {
		if answer := s.Do("POST", "/api/rooms", body, anna.Bearer()); answer.Status != 400 || answer.Code() != code {
			t.Errorf("%s: %d %s", body, answer.Status, answer.Body)
		}
	}
	for range 5 {
		openRoom(t, s, anna, `{"title":"x","capacity":2,"visibility":"public"}`)
	}
	if answer := s.Do("POST", "/api/rooms", `{"title":"x","capacity":2,"visibility":"public"}`, anna.Bearer()); answer.Status != 429 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("the sixth room of a day: %d %s", answer.Status, answer.Body)
	}
}

func TestAnEleventhRoomIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "RATE_LIMITS=off")
	anna := s.Enter(1)
	for range 10 {
		openRoom(t, s, anna, `{"title":"x","capacity":2,"visibility":"public"}`)
	}
	answer := s.Do("POST", "/api/rooms", `{"title":"x","capacity":2,"visibility":"public"}`, anna.Bearer())
	if answer.Status != 403 || answer.Code() != "forbidden" || !strings.Contains(string(answer.Body), `"too_many_rooms"`) {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}

// A new mask leaves small rooms: it learns nothing of them, and the others only that a seat is free.
func TestANewMaskLeavesItsRooms(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	anna, boris := s.Enter(1), s.Enter(2)
	id := openRoom(t, s, anna, `{"title":"x","capacity":2,"visibility":"public"}`).ID
	if answer := s.Do("POST", roomPath(id, "/join"), "", boris.Bearer()); answer.Status != 200 {
		t.Fatal(answer.Status)
	}
	if answer := s.Do("POST", "/api/profile/new", "", boris.Bearer()); answer.Status != 200 {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	var members view.Members
	s.Do("GET", roomPath(id, "/members"), "", anna.Bearer()).Into(t, &members)
	if len(members.Items) != 1 || members.Items[0].ID != anna.Mask {
		t.Errorf("members %+v", members)
	}
	if answer := s.Do("GET", roomPath(id, "/messages"), "", boris.Bearer()); answer.Code() != "not_member" {
		t.Errorf("the new mask reads: %d %s", answer.Status, answer.Body)
	}
	var mine view.Rooms
	s.Do("GET", "/api/rooms?scope=mine", "", boris.Bearer()).Into(t, &mine)
	if titles(mine) != "Maska" {
		t.Errorf("the new mask's rooms: %+v", mine)
	}
}

func TestAnInviteIsSentAndAccepted(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "TELEGRAM_BOT_USERNAME=maska_bot")
	anna, boris := s.Enter(1), s.Enter(2)
	var opened view.Opened
	s.Do("POST", "/api/rooms", `{"title":"secret","capacity":2,"visibility":"private"}`, anna.Bearer()).Into(t, &opened)
	i := opened.Invite
	if len(i.Code) != 22 || i.StartParam != "i_"+i.Code || i.URL != "https://t.me/maska_bot?startapp="+i.StartParam || i.Uses != 5 || i.ExpiresAt == "" {
		t.Fatalf("opened %+v", opened)
	}
	preview := s.Do("GET", "/api/invites/"+i.Code, "", boris.Bearer())
	var seen map[string]any
	preview.Into(t, &seen)
	if len(seen) != 4 || seen["title"] != "secret" || seen["members"] != 1.0 || seen["capacity"] != 2.0 || seen["expiresAt"] != i.ExpiresAt {
		t.Errorf("preview %s", preview.Body)
	}
	for _, step := range []struct {
		who          *testkit.Person
		method, path string
		status       int
		code         string
	}{
		{boris, "POST", roomPath(opened.ID, "/join"), 404, "not_found"},
		{boris, "POST", roomPath(opened.ID, "/invites"), 404, "not_found"},
		{boris, "POST", "/api/invites/" + i.Code + "/accept", 200, ""},
		{boris, "POST", "/api/invites/" + i.Code + "/accept", 200, ""},
		{boris, "GET", roomPath(opened.ID, "/members"), 200, ""},
		{boris, "POST", roomPath(opened.ID, "/invites"), 403, "forbidden"},
		{boris, "DELETE", roomPath(opened.ID, "/invites/"+i.Code), 403, "forbidden"},
		{s.Enter(3), "POST", "/api/invites/" + i.Code + "/accept", 409, "room_full"},
		{anna, "POST", roomPath(opened.ID, "/invites"), 200, ""},
		{anna, "DELETE", roomPath(opened.ID, "/invites/"+i.Code), 200, ""},
		{anna, "DELETE", roomPath(opened.ID, "/invites/"+i.Code), 404, "invite_invalid"},
		{anna, "GET", "/api/invites/" + i.Code, 404, "invite_invalid"},
		{anna, "POST", "/api/invites/%00/accept", 404, "invite_invalid"},
	} {
		if answer := s.Do(step.method, step.path, "", step.who.Bearer()); answer.Status != step.status || step.code != "" && answer.Code() != step.code {
			t.Errorf("%s %s: %d %s", step.method, step.path, answer.Status, answer.Body)
		}
	}
}
