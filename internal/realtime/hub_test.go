package realtime_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"maska/internal/cluster"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/message"
	"maska/internal/view"
)

func TestATokenInConnectSignsIn(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	cl := c.dial(t, `{"token":"`+anna.token+`"}`)
	cl.await("connect")
	if got := cl.await("joined"); got.text != `42["joined",{"room":"global"}]` {
		t.Errorf("joined: %s", got.text)
	}
	if got := cl.await("presence"); got.text != `42["presence",{"roomId":1,"online":0}]` {
		t.Errorf("presence: %s", got.text)
	}
	// The first founding document's client does both at once.
	ack := into[view.Welcome](t, cl.call("auth", `{"token":"`+anna.token+`"}`))
	cl.await("joined")
	if ack.Profile.ID != int64(anna.profile.ID) || ack.Profile.Nickname != anna.profile.Nickname {
		t.Errorf("profile: %+v", ack.Profile)
	}
	if len(ack.Rooms) != 1 || ack.Rooms[0].ID != 1 || ack.Rooms[0].Kind != "global" || ack.Rooms[0].Epoch == "" {
		t.Errorf("rooms: %+v", ack.Rooms)
	}
}

func TestATokenInAuthSignsIn(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris := c.arrive(t), c.arrive(t)
	for _, auth := range []string{"", "{}", `{"token":null}`, `{"token":""}`} {
		cl := c.dial(t, auth)
		cl.await("connect")
		if code := errorCode(t, cl.call("message", `{"content":"too early"}`)); code != "token_missing" {
			t.Errorf("message before sign-in: %q", code)
		}
		cl.emit("sync", `{"roomId":1,"after":0}`)
		if got := into[view.Error](t, cl.await("error").data); got.Code != "token_missing" || got.Event != "sync" {
			t.Errorf("sync before sign-in: %+v", got)
		}
		if _, err := c.sender.Send(t.Context(), c.actor(boris), draftOf(t, "not for you yet")); err != nil {
			t.Fatal(err)
		}
		cl.call("auth", `{"token":"`+anna.token+`"}`)
		cl.await("joined")
		if _, err := c.sender.Send(t.Context(), c.actor(boris), draftOf(t, "for you")); err != nil {
			t.Fatal(err)
		}
		if got := into[view.Message](t, cl.await("message").data); got.Content != "for you" {
			t.Errorf("delivered before sign-in: %+v", got)
		}
		_ = cl.conn.CloseNow()
	}
}

func TestABadTokenIsRefused(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	for auth, code := range map[string]string{
		`{"token":"forged"}`:                   "token_invalid",
		`{"token":7}`:                          "validation_failed",
		`{"token":"x","rooms":[1]}`:            "validation_failed",
		`{"token":"x","rooms":{"1":"9"}}`:      "validation_failed",
		`{"token":"x","token":"y"}`:            "malformed_json",
		`{"token":"x","rooms":{"1":1,"1":2}}`:  "malformed_json",
		`{"token":"x","epochs":{"1":9}}`:       "validation_failed",
		`{"token":"x","rooms":{"1":1.5}}`:      "validation_failed",
		`{"token":"x","rooms":{"1":1e400}}`:    "validation_failed",
		`{"token":{"_placeholder":true}}`:      "validation_failed",
		`{"Token":"x","token":"","rooms":"x"}`: "validation_failed",
	} {
		cl := c.dial(t, auth)
		got := into[struct {
			Message string
			Data    view.Refusal
		}](t, cl.await("connect_error").data)
		if got.Data.Code != code || got.Message == "" || got.Message != got.Data.Message {
			t.Errorf("%s: %+v, want %s", auth, got, code)
		}
	}
	cl := c.dial(t, "")
	cl.await("connect")
	if code := errorCode(t, cl.call("auth", `{"token":"forged"}`)); code != "token_invalid" {
		t.Errorf("ack of auth: %q", code)
	}
	if got := into[view.Refusal](t, cl.await("auth_error").data); got.Code != "token_invalid" {
		t.Errorf("auth_error: %+v", got)
	}
	cl.await("disconnect")
}

func TestAFailingDatabaseEndsNoSocket(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.timing.Sweep = 5 * time.Millisecond })
	anna := c.arrive(t)
	cl := c.enter(t, anna.token)
	c.setDown(true)
	if code := errorCode(t, cl.call("auth", `{"token":"`+anna.token+`"}`)); code != "unavailable" {
		t.Errorf("auth while the sessions cannot be read: %q", code)
	}
	late := c.dial(t, `{"token":"`+anna.token+`"}`)
	if got := late.await("connect_error"); !strings.Contains(got.text, `"code":"unavailable"`) {
		t.Errorf("connect while the sessions cannot be read: %s", got.text)
	}
	c.setDown(false)
	if code := errorCode(t, cl.call("message", `{"content":"still here"}`)); code != "" {
		t.Errorf("message afterwards: %q", code)
	}
}

func TestWhoBringsNoTokenIsSentAway(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	cl := c.dial(t, "{}")
	cl.await("connect")
	c.clock.forward(9 * time.Second)
	if code := errorCode(t, cl.call("message", `{}`)); code != "token_missing" {
		t.Errorf("after 9 s: %q", code)
	}
	c.clock.forward(time.Second)
	if got := into[view.Refusal](t, cl.await("auth_error").data); got.Code != "token_missing" {
		t.Errorf("auth_error: %+v", got)
	}
	cl.await("disconnect")
}

func TestAnotherAccountsTokenIsRefused(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris := c.arrive(t), c.arrive(t)
	cl := c.enter(t, anna.token)
	if code := errorCode(t, cl.call("auth", `{"token":"`+boris.token+`"}`)); code != "forbidden" {
		t.Errorf("auth as another: %q", code)
	}
	cl.call("message", `{"content":"hello"}`)
	if got := into[view.Message](t, cl.await("message").data); got.UserID != int64(anna.profile.ID) {
		t.Errorf("the socket speaks for %d now", got.UserID)
	}
}

func TestAnExpiredTokenIsRenewedOrEnds(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	c.sign(&anna, 0)
	renews, stays := c.enter(t, anna.token), c.enter(t, anna.token)

	c.clock.forward(59 * time.Second)
	if code := errorCode(t, stays.call("message", `{"content":"59 s after the end"}`)); code != "" || stays.has("auth_required") {
		t.Errorf("59 s after the token's end: %q", code)
	}
	c.clock.forward(time.Second)
	for _, cl := range []*client{renews, stays} {
		if got := into[view.Refusal](t, cl.await("auth_required").data); got.Code != "token_expired" {
			t.Errorf("auth_required: %+v", got)
		}
	}
	c.sign(&anna, time.Hour)
	renews.call("auth", `{"token":"`+anna.token+`"}`)
	c.clock.forward(30 * time.Second)
	stays.await("disconnect")
	if code := errorCode(t, renews.call("message", `{"content":"still here"}`)); code != "" || renews.has("auth_required") {
		t.Errorf("after the renewal: %q", code)
	}
}

func TestAnEndedSessionLosesItsSockets(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	phone := anna
	c.sign(&phone, time.Hour)
	desk, other := c.enter(t, anna.token), c.enter(t, phone.token)
	c.hub.Revoked(anna.session, errs.SessionRevoked)
	if got := into[view.Refusal](t, desk.await("session_revoked").data); got.Code != "session_revoked" || got.Message == "" {
		t.Errorf("session_revoked: %+v", got)
	}
	desk.await("disconnect")
	if code := errorCode(t, other.call("message", `{"content":"the other session lives"}`)); code != "" {
		t.Errorf("the other session: %q", code)
	}
}

func TestASweepFindsWhatNobodyTold(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.timing.Sweep = 5 * time.Millisecond })
	anna, boris := c.arrive(t), c.arrive(t)
	ends, changes := c.enter(t, anna.token), c.enter(t, boris.token)
	c.end(anna.session, errs.AccountDisabled)
	if got := into[view.Refusal](t, ends.await("session_revoked").data); got.Code != "account_disabled" {
		t.Errorf("session_revoked: %+v", got)
	}
	ends.await("disconnect")
	c.newMask(t, &boris)
	if got := into[view.Mask](t, changes.await("mask").data); got.Profile.ID != int64(boris.profile.ID) {
		t.Errorf("mask: %+v", got)
	}
}

func TestANewMaskSpeaksAtOnce(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	old := anna.profile
	one, two := c.enter(t, anna.token), c.enter(t, anna.token)
	c.newMask(t, &anna)
	c.hub.MaskChanged(anna.key)
	for _, cl := range []*client{one, two} {
		if got := into[view.Mask](t, cl.await("mask").data); !reflect.DeepEqual(got.Profile, view.NewProfile(anna.profile)) {
			t.Errorf("mask: %+v", got)
		}
	}
	one.call("message", `{"content":"who am I?","userId":`+fmt.Sprint(old.ID)+`}`)
	got := into[view.Message](t, two.await("message").data)
	if got.UserID != int64(anna.profile.ID) || got.Author == nil || got.Author.Nickname != anna.profile.Nickname {
		t.Errorf("message: %+v", got)
	}
}

func TestAMessageIsTheSameForEverybody(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris := c.arrive(t), c.arrive(t)
	desk, phone, other := c.enter(t, anna.token), c.enter(t, anna.token), c.enter(t, boris.token)
	cid := message.NewCID(dice).String()
	payload := `{"roomId":1,"userId":42,"content":" Привет, 世界 <b>&\u2028\n","cid":"` + cid + `"}`
	ack := into[view.Sent](t, desk.call("message", payload))
	if ack.ID != "1-1" || ack.Seq != 1 || ack.CID != cid || ack.CreatedAt == "" {
		t.Errorf("ack: %+v", ack)
	}
	first := desk.await("message")
	for _, cl := range []*client{phone, other} {
		if got := cl.await("message"); got.text != first.text {
			t.Errorf("frames differ:\n%s\n%s", first.text, got.text)
		}
	}
	want := view.Message{
		ID: "1-1", Seq: 1, Rev: 1, RoomID: 1, UserID: int64(anna.profile.ID), Content: "Привет, 世界 <b>&", CreatedAt: ack.CreatedAt, CID: cid,
		Author: &view.Author{ID: int64(anna.profile.ID), Nickname: anna.profile.Nickname, AvatarURL: fmt.Sprintf("/avatar/%d.svg", anna.profile.ID), Color: 3},
	}
	got := into[view.Message](t, first.data)
	if *got.Author != *want.Author {
		t.Errorf("author: %+v", got.Author)
	}
	got.Author, want.Author = nil, nil
	if got != want {
		t.Errorf("message: %+v, want %+v", got, want)
	}

	if again := into[view.Sent](t, desk.call("message", payload)); again != ack {
		t.Errorf("the repeat was acknowledged with %+v, the first with %+v", again, ack)
	}
	if code := errorCode(t, desk.call("message", `{"content":"other","cid":"`+cid+`"}`)); code != "cid_conflict" {
		t.Errorf("other content under the same cid: %q", code)
	}
	desk.call("message", `{"content":"next"}`)
	if got := into[view.Message](t, other.await("message").data); got.Seq != 2 {
		t.Errorf("the repeat was delivered: %+v", got)
	}
}

func TestOneSendersOrderIsKept(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.unlimited = true })
	anna, boris := c.arrive(t), c.arrive(t)
	from, to := c.enter(t, anna.token), c.enter(t, boris.token)
	const n = 300
	for i := range n {
		from.emit("message", fmt.Sprintf(`{"content":"%d"}`, i))
	}
	for i := range n {
		got := into[view.Message](t, to.await("message").data)
		if got.Content != fmt.Sprint(i) || got.Seq != int64(i+1) {
			t.Fatalf("place %d holds %q with seq %d", i, got.Content, got.Seq)
		}
	}
}

// Whatever the payload, the client gets a clean refusal, and the socket goes on.
func TestHostilePayloadsAreRefusedCleanly(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.unlimited = true })
	cl := c.enter(t, c.arrive(t).token)
	anywhere := []string{
		"", "null", "true", "7", `"text"`, "[]", "[{}]", "{}", `{"roomId":null}`, `{"roomId":"1"}`, `{"roomId":1.5}`, `{"roomId":1e0}`,
		`{"roomId":99999999999999999999}`, `{"roomId":-1}`, `{"roomId":0}`, `{"roomId":2}`, `{"roomId":{}}`, `{"roomId":[1]}`,
		`{"roomId":true}`, `{"ROOMID":1}`, `{"roomId":1,"roomId":1}`, `{"token":7}`, `{"token":""}`, `{"token":[]}`,
		`{"content":"` + strings.Repeat("a", 40_000) + `"}`, `{"__proto__":{"roomId":1},"constructor":1}`, `null,{"roomId":1}`,
		strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60),
	}
	for name, own := range map[string][]string{
		"auth": nil, "join": nil, "leave": {`{"roomId":1}`}, "typing": {`{"roomId":1}`},
		"message": {
			`{"content":null}`, `{"content":7}`, `{"content":{"_placeholder":true,"num":0}}`, `{"content":""}`, `{"content":"\u0000"}`,
			`{"content":"\ud83d"}`, `{"content":"x","cid":"no"}`, `{"content":"x","cid":""}`, `{"content":"x","cid":7}`,
			`{"content":"x","replyTo":"1-1"}`, `{"content":"x","media":["m"]}`, `{"content":"x","media":7}`, `{"content":"x","content":"y"}`,
		},
		"read": {`{"roomId":1}`, `{"roomId":1,"seq":-1}`, `{"roomId":1,"seq":"0"}`, `{"roomId":1,"seq":{}}`, `{"roomId":1,"seq":1.5}`},
		"sync": {`{"roomId":1}`, `{"roomId":1,"after":-1}`, `{"roomId":1,"after":"0"}`, `{"roomId":1,"after":0,"epoch":7}`},
	} {
		for _, payload := range slices.Concat(anywhere, own) {
			if code := errorCode(t, cl.call(name, payload)); code == "" || code == "internal" || code == "unavailable" {
				t.Errorf("%s %.60s: code %q", name, payload, code)
			}
			cl.emit(name, payload)
			if got := into[view.Error](t, cl.await("error").data); got.Event != name || got.Code == "" || got.Message == "" || got.Code == "internal" {
				t.Errorf("%s %.60s without ack: %+v", name, payload, got)
			}
		}
	}
	if code := errorCode(t, cl.call("message", `{"content":"unharmed"}`)); code != "" {
		t.Errorf("the socket afterwards: %q", code)
	}
}

func TestBinaryIsRefused(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	cl := c.enter(t, c.arrive(t).token)
	cl.write(`451-7["message",{"_placeholder":true,"num":0}]`)
	cl.writeBytes([]byte{1, 2, 3})
	cl.until("the ack", func() bool { return cl.acks[7] != nil })
	if code := errorCode(t, cl.acks[7]); code != "validation_failed" {
		t.Errorf("a binary payload: %q", code)
	}
	cl.write(`451-8["message",{"roomId":1,"content":{"_placeholder":true,"num":0}}]`)
	cl.writeBytes([]byte{1, 2, 3})
	cl.until("the ack", func() bool { return cl.acks[8] != nil })
	if code := errorCode(t, cl.acks[8]); code != "validation_failed" {
		t.Errorf("binary content: %q", code)
	}
}

func TestUnknownEventsAreSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	cl := c.enter(t, c.arrive(t).token)
	long := strings.Repeat("я", 32)
	for _, name := range []string{"shout", "", "__proto__", "connection", long} {
		if code := errorCode(t, cl.call(name, `{}`)); code != "unknown_event" {
			t.Errorf("%.20s: %q", name, code)
		}
		cl.emit(name, "")
		if got := into[view.Error](t, cl.await("error").data); got.Code != "unknown_event" || got.Event != name {
			t.Errorf("%.20s: %+v", name, got)
		}
	}
}

func TestTheGlobalRoomIsEverybodys(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	cl := c.enter(t, c.arrive(t).token)
	ack := into[view.Entered](t, cl.call("join", `{"roomId":1}`))
	if ack.Room.ID != 1 || ack.Epoch == "" || ack.Epoch != ack.Room.Epoch {
		t.Errorf("join: %+v", ack)
	}
	if got := cl.await("joined"); got.text != `42["joined",{"room":1}]` {
		t.Errorf("joined: %s", got.text)
	}
	if code := errorCode(t, cl.call("leave", `{"roomId":1}`)); code != "forbidden" {
		t.Errorf("leave: %q", code)
	}
	if code := errorCode(t, cl.call("typing", `{"roomId":1}`)); code != "forbidden" {
		t.Errorf("typing: %q", code)
	}
	if got := into[view.Read](t, cl.call("read", `{"roomId":1,"seq":5}`)); got != (view.Read{RoomID: 1, Seq: 5}) {
		t.Errorf("read: %+v", got)
	}
	for _, name := range []string{"join", "leave", "typing", "read", "sync", "message"} {
		if code := errorCode(t, cl.call(name, `{"roomId":2,"seq":1,"after":1,"content":"x"}`)); code != "not_found" {
			t.Errorf("%s in a room of others: %q", name, code)
		}
	}
}

func TestTooManyEventsAreRefusedWithATime(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	cl := c.enter(t, c.arrive(t).token)
	taken := 0
	for ; taken < 1000; taken++ { // a slow machine gets some back while it asks
		ack := cl.call("read", `{"roomId":1,"seq":1}`)
		if errorCode(t, ack) == "rate_limited" {
			if got := into[view.Refused](t, ack); got.Error.RetryAfter != 1 {
				t.Errorf("refusal: %+v", got)
			}
			break
		}
	}
	if taken < 60 || taken == 1000 {
		t.Errorf("%d were taken before one was refused", taken)
	}
	c.clock.forward(time.Second)
	if code := errorCode(t, cl.call("read", `{"roomId":1,"seq":1}`)); code != "" {
		t.Errorf("a second later: %q", code)
	}
}

func TestASixthConnectionIsRefused(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	var clients []*client
	for range 5 {
		clients = append(clients, c.enter(t, anna.token))
	}
	if got := c.dial(t, `{"token":"`+anna.token+`"}`).await("connect_error"); !strings.Contains(got.text, `"rate_limited"`) || !strings.Contains(got.text, `"retryAfter":5`) {
		t.Errorf("the sixth: %s", got.text)
	}
	byAuth := c.dial(t, "")
	byAuth.await("connect")
	if code := errorCode(t, byAuth.call("auth", `{"token":"`+anna.token+`"}`)); code != "rate_limited" {
		t.Errorf("the sixth, by auth: %q", code)
	}
	c.enter(t, c.arrive(t).token) // others are not concerned
	clients[0].write("41")
	for !c.dial(t, `{"token":"`+anna.token+`"}`).answered("connect") { // the server hears of the end a moment later
		t.Log("the seat is not free yet")
	}
}

func TestHeadsAreToldAfterAChangeAndThenNowAndThen(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	cl := c.enter(t, anna.token)
	cl.call("message", `{"content":"one"}`)
	c.clock.forward(5 * time.Second)
	if got := cl.await("heads"); got.text != `42["heads",{"1":1}]` {
		t.Errorf("heads: %s", got.text)
	}
	c.clock.forward(59 * time.Second)
	cl.call("read", `{"roomId":1,"seq":1}`)
	if cl.has("heads") {
		t.Error("heads came again before a minute was over")
	}
	c.clock.forward(time.Second)
	cl.await("heads")
}

func TestPresenceIsARoundedLowerBound(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	first := c.arrive(t)
	watcher := c.enter(t, first.token)
	c.enter(t, first.token) // the same mask twice
	var others []*client
	for range 4 {
		others = append(others, c.enter(t, c.arrive(t).token))
	}
	c.clock.forward(5 * time.Second)
	if got := into[view.Presence](t, watcher.await("presence").data); got != (view.Presence{RoomID: 1, Online: 5}) {
		t.Errorf("presence: %+v", got)
	}
	newcomer := c.dial(t, `{"token":"`+c.arrive(t).token+`"}`)
	if got := into[view.Presence](t, newcomer.await("presence").data); got.Online != 5 {
		t.Errorf("a newcomer was told %+v", got)
	}
	for _, cl := range others[:2] {
		cl.write("41")
	}
	c.clock.forward(5 * time.Second)
	if got := into[view.Presence](t, watcher.await("presence").data); got.Online != 0 {
		t.Errorf("presence after two left: %+v", got)
	}
}

func TestMessagesAreLimitedPerAccountAndRoom(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	limited := newChat(t, func(s *settings) {
		s.db, s.people = c.db, c.people
		s.limiter = limit.Bound{Limiter: cluster.NewMemoryLimiter(c.clock.now, 100), Rule: limit.Message}
	})
	anna := c.arrive(t)
	one, two, other := limited.enter(t, anna.token), limited.enter(t, anna.token), limited.enter(t, c.arrive(t).token)
	cid := message.NewCID(dice).String()
	first := one.call("message", `{"content":"1","cid":"`+cid+`"}`)
	two.call("message", `{"content":"2"}`)
	one.call("message", `{"content":"3"}`)
	ack := two.call("message", `{"content":"4"}`)
	if got := into[view.Refused](t, ack); got.Error.Code != "rate_limited" || got.Error.RetryAfter != 1 {
		t.Errorf("the fourth at once: %s", ack)
	}
	if code := errorCode(t, two.call("message", `{"content":""}`)); code != "validation_failed" {
		t.Errorf("what breaks the rules is told so first: %q", code)
	}
	if again := two.call("message", `{"content":"1","cid":"`+cid+`"}`); string(again) != string(first) {
		t.Errorf("the repeat: %s, the first: %s", again, first)
	}
	if code := errorCode(t, other.call("message", `{"content":"5"}`)); code != "" {
		t.Errorf("another account: %q", code)
	}
	c.clock.forward(time.Second)
	if code := errorCode(t, two.call("message", `{"content":"6"}`)); code != "" {
		t.Errorf("a second later: %q", code)
	}
}
