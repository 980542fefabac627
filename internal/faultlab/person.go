package faultlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"maska/internal/telegram"
)

const (
	botToken     = "700000002:made-up-for-faults"
	firstPerson  = 7_600_000_000 // a Telegram id
	requestLimit = 10 * time.Second
	largestBody  = 4 << 20
)

// person has an account, and a mask that others see.
type person struct {
	index  int
	access string
	mask   int64
}

// answerError is a refusal of REST.
type answerError struct {
	status int
	body   string
}

func (e answerError) Error() string { return fmt.Sprintf("%d %s", e.status, e.body) }

// rest asks one node; the person may be nil.
func rest(ctx context.Context, client *http.Client, base string, who *person, method, path string, body, into any) (err error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != nil {
		r.Header.Set("Authorization", "Bearer "+who.access)
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	got, err := io.ReadAll(io.LimitReader(answer.Body, largestBody))
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %w", method, path, answerError{answer.StatusCode, string(bytes.TrimSpace(got))})
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(got, into)
}

// signIn brings a person in as Telegram would.
func signIn(ctx context.Context, client *http.Client, base string, index int) (*person, error) {
	initData := telegram.SignInitData(botToken, telegram.SignParams{
		User: telegram.User{ID: firstPerson + int64(index), FirstName: "Fault"}, AuthDate: time.Now(),
	})
	var got struct {
		Token string `json:"token"`
		User  struct {
			ID int64 `json:"id"`
		} `json:"user"`
	}
	if err := rest(ctx, client, base, nil, http.MethodPost, "/auth", map[string]string{"initData": initData}, &got); err != nil {
		return nil, err
	}
	return &person{index: index, access: got.Token, mask: got.User.ID}, nil
}

// createRoom makes a small room that the others may join, and returns its id.
func createRoom(ctx context.Context, client *http.Client, base string, owner *person, index, seats int) (int64, error) {
	var room struct {
		ID int64 `json:"id"`
	}
	err := rest(ctx, client, base, owner, http.MethodPost, "/api/rooms",
		map[string]any{"title": "Fault " + strconv.Itoa(index), "capacity": seats, "visibility": "public"}, &room)
	return room.ID, err
}

func joinRoom(ctx context.Context, client *http.Client, base string, who *person, room int64) error {
	return rest(ctx, client, base, who, http.MethodPost, "/api/rooms/"+strconv.FormatInt(room, 10)+"/join", nil, nil)
}

// shownMessage is a message as the server shows it.
type shownMessage struct {
	Seq     int64     `json:"seq"`
	Rev     int64     `json:"rev"`
	RoomID  int64     `json:"roomId"`
	UserID  int64     `json:"userId"`
	Content string    `json:"content"`
	CID     uuid.UUID `json:"cid"`
}

// newestPage reads the end of a room's history.
func newestPage(ctx context.Context, client *http.Client, base string, who *person, room int64) ([]shownMessage, error) {
	var page struct {
		Items []shownMessage `json:"items"`
	}
	err := rest(ctx, client, base, who, http.MethodGet, fmt.Sprintf("/api/rooms/%d/messages?limit=100", room), nil, &page)
	return page.Items, err
}

// contentOf is what a message says: its cid, which REST shows to its author only, and some words.
func contentOf(cid uuid.UUID, words string) string { return cid.String() + words }

// claimed is the cid that a content names.
func claimed(content string) uuid.UUID {
	const size = 36
	if len(content) < size {
		return uuid.Nil
	}
	cid, err := uuid.Parse(content[:size])
	if err != nil {
		return uuid.Nil
	}
	return cid
}

// sumOf stands for author and content.
func sumOf(author int64, content string) uint32 {
	return crc32.ChecksumIEEE([]byte(strconv.FormatInt(author, 10) + " " + content))
}

var fillers = strings.Fields("fox dog owl hedgehog mask rain tea night window kettle lantern snow")
