package view_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/view"
)

// go test ./internal/view -update writes the files that the web client's types are checked with.
var update = flag.Bool("update", false, "rewrite the golden files")

const golden = "../../web/src/api/golden"

// examples shows every type of this package, filled as far as it can be, and what may be absent or null.
func examples() map[string]any {
	at := time.Date(2026, 11, 20, 13, 14, 15, 999_000_000, time.FixedZone("elsewhere", 3*3600))
	me := profile.Profile{ID: 4503599627370497, Nickname: "Тихий Ёж", Color: 7, Bio: "ночной", CreatedDay: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}
	mine := message.Message{
		Room: room.Global, Seq: 41, Rev: 41, AuthorID: me.ID, Author: &message.Author{ID: me.ID, Nickname: me.Nickname, Color: me.Color},
		CID: message.CID{0x0f, 0x9d, 0x8c, 0x1e, 0x3a, 0x4b, 0x4c, 0x2d, 0x8e, 0x9f, 0, 0x11, 0x22, 0x33, 0x44, 0x55}, Content: "Привет <b>\"世界\"</b>\n🦔", CreatedAt: at,
	}
	others := mine
	others.Seq, others.Rev, others.AuthorID, others.EditedAt = 40, 42, 9, at.Add(time.Minute)
	others.Author = &message.Author{ID: 9, Nickname: "Loud Owl", Color: 0}
	erased := mine
	erased.Seq, erased.Rev, erased.AuthorID, erased.Author = 39, 39, 8, nil
	messages := []message.Message{erased, others, mine}
	head := message.Head{Seq: 42, Epoch: "q1w2e3r4t5y6"}
	global := room.Room{ID: room.Global, Kind: room.KindGlobal, Title: "Maska", Visibility: room.Public, Epoch: head.Epoch, Head: head.Seq, FirstSeq: 1, CreatedAt: at}
	small := room.State{People: []profile.Profile{me, {ID: 9, Nickname: "Loud Owl", CreatedDay: me.CreatedDay}}, Room: room.Room{
		ID: 6755399441055744, Kind: room.KindGroup, Title: "Кухня 🫖", Visibility: room.Private, Capacity: 6, Epoch: head.Epoch, Head: head.Seq,
		Rev: head.Seq, FirstSeq: 1, CreatedAt: at, Owner: me.ID, Members: 2, Locked: true, ExpiresAt: at.Add(24 * time.Hour),
	}}
	invite := view.NewInvite(room.Invite{Uses: 5, ExpiresAt: at}, "q1w2e3r4t5y6u7i8o9p0aa", func(p string) string { return "https://t.me/maska_bot?startapp=" + p })
	limited := view.NewRefusal(errs.Limited(700*time.Millisecond), locale.English)
	invalid := view.NewRefusal(errs.Invalid("content", errs.TooLong), locale.Russian)

	return map[string]any{
		"author":         *view.NewMessage(&mine).Author,
		"entered":        view.Entered{Room: view.NewRoom(global, 20), Head: head.Seq, Epoch: head.Epoch},
		"error":          view.Error{Event: "message", Refusal: invalid},
		"heads":          view.Heads{"1": 42},
		"invite":         invite,
		"invite-preview": view.NewPreview(room.Invite{ExpiresAt: at}, small),
		"joined-global":  view.Joined{Room: view.GlobalRoom},
		"joined-room":    view.Joined{Room: int64(room.Global)},
		"left":           view.Left{RoomID: int64(small.ID)},
		"members":        view.Members{Items: view.Profiles(small.People)},
		"mask":           view.Mask{Profile: view.NewProfile(me)},
		"message":        view.NewMessage(&mine),
		"message-edited": view.NewMessage(&others),
		"message-erased": view.NewMessage(&erased),
		"notice-out":     view.Out{RoomID: int64(small.ID), Refusal: view.NewRefusal(errs.New(errs.NotMember), locale.English)},
		"opened":         view.Opened{Room: view.NewRoom(small.Room, 1), Invite: invite},
		"page":           view.NewPage(me.ID, message.Page{Items: messages, Head: head, More: true}),
		"page-empty":     view.NewPage(me.ID, message.Page{Head: head}),
		"presence":       view.Presence{RoomID: int64(room.Global), Online: 20},
		"profile":        view.NewProfile(me),
		"read":           view.Read{RoomID: int64(room.Global), Seq: 42},
		"refused":        view.Refused{Error: limited},
		"room":           view.NewRoom(global, 20),
		"room-change":    view.NewRoomChange(small, 2),
		"room-small":     view.NewRoom(small.Room, 2),
		"rooms":          view.Rooms{Items: []view.Room{view.NewRoom(global, 20), view.NewRoom(small.Room, 2)}, Next: new("MQ")},
		"rows":           view.RowsFor(me.ID, messages),
		"sent":           view.NewSent(message.Result{Room: room.Global, Seq: 41, CID: mine.CID, CreatedAt: at}),
		"sync":           view.NewSync(room.Global, message.CatchUp{Items: messages, Head: head, More: true}, 20),
		"sync-empty":     view.NewSync(room.Global, message.CatchUp{Head: head}, 20),
		"sync-reset":     view.NewSync(room.Global, message.CatchUp{Items: messages, Head: head, Room: &room.State{Room: global}, Reset: true}, 20),
		"sync-room":      view.NewSync(small.ID, message.CatchUp{Head: head, Room: &small}, 2),
		"welcome":        view.Welcome{Profile: view.NewProfile(me), Rooms: []view.Room{view.NewRoom(global, 20)}},
	}
}

func TestGoldenFilesAreWhatTheServerSends(t *testing.T) {
	t.Parallel()
	want := examples()
	for name, example := range want {
		path := filepath.Join(golden, name+".json")
		text := encode(t, example)
		if *update {
			if err := os.MkdirAll(golden, 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v; run: go test ./internal/view -update", err)
			continue
		}
		if !bytes.Equal(got, text) {
			t.Errorf("%s is stale; run: go test ./internal/view -update\n%s", path, text)
		}
	}
	files, err := filepath.Glob(filepath.Join(golden, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := want[strings.TrimSuffix(filepath.Base(file), ".json")]; !ok {
			t.Errorf("%s shows nothing that the server sends", file)
		}
	}
}

// encode writes JSON as a person would, and checks that both encoders in use agree about it.
func encode(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	other, err := jsonv2.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	one, two := jsontext.Value(slices.Clone(text)), jsontext.Value(slices.Clone(other))
	for _, value := range []*jsontext.Value{&one, &two} {
		if err := value.Canonicalize(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one, two) {
		t.Errorf("REST sends %s, sockets send %s", one, two)
	}
	pretty := jsontext.Value(other)
	if err := pretty.Indent(jsontext.WithIndent("  ")); err != nil {
		t.Fatal(err)
	}
	return append(pretty, '\n')
}

func TestRestGivesTheCidToItsAuthorOnly(t *testing.T) {
	t.Parallel()
	m := message.Message{Room: room.Global, Seq: 1, Rev: 1, AuthorID: 5, CID: message.CID{1}}
	if got := view.MessagesFor(5, []message.Message{m})[0].CID; got != m.CID.String() {
		t.Errorf("the author gets %q", got)
	}
	if got := view.MessagesFor(6, []message.Message{m})[0].CID; got != "" {
		t.Errorf("another gets %q", got)
	}
	if got := view.RowsFor(6, []message.Message{m})[0].CID; got != "" {
		t.Errorf("another gets %q in a row", got)
	}
}

func TestTimesAreWholeSecondsInUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 1, 2, 3, 999_999_999, time.FixedZone("elsewhere", 3*3600))
	if got := view.Time(at); got != "2026-01-01T22:02:03Z" {
		t.Errorf("time = %s", got)
	}
}

func TestAWaitIsRoundedUp(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]int{0: 0, time.Nanosecond: 1, time.Second: 1, 1001 * time.Millisecond: 2} {
		if got := view.Seconds(wait); got != want {
			t.Errorf("%v = %d s, want %d", wait, got, want)
		}
	}
}
