package view

import (
	"time"

	"maska/internal/message"
	"maska/internal/profile"
)

// Message is something said in a room.
type Message struct {
	ID        string  `json:"id"` // "<roomId>-<seq>"
	Seq       int64   `json:"seq"`
	Rev       int64   `json:"rev"`
	RoomID    int64   `json:"roomId"`
	UserID    int64   `json:"userId"` // of the profile
	Content   string  `json:"content"`
	CreatedAt string  `json:"created_at"`
	Author    *Author `json:"author"` // null once the mask was erased
	CID       string  `json:"cid,omitzero"`
	EditedAt  string  `json:"editedAt,omitzero"`
}

// NewMessage shows a message with its cid, as live frames and sync do: the same for everybody.
func NewMessage(m *message.Message) Message {
	v := Message{
		ID: m.ID(), Seq: m.Seq, Rev: m.Rev, RoomID: int64(m.Room), UserID: int64(m.AuthorID),
		Content: m.Content, CreatedAt: Time(m.CreatedAt), Author: newAuthor(m.Author), CID: m.CID.String(),
	}
	if !m.EditedAt.IsZero() {
		v.EditedAt = Time(m.EditedAt)
	}
	return v
}

// NewMessages shows messages as NewMessage does.
func NewMessages(messages []message.Message) []Message {
	items := make([]Message, len(messages))
	for i := range messages {
		items[i] = NewMessage(&messages[i])
	}
	return items
}

// MessagesFor shows messages as REST does: the cid to its author only (decision 15).
func MessagesFor(reader profile.ID, messages []message.Message) []Message {
	items := NewMessages(messages)
	for i := range items {
		if items[i].UserID != int64(reader) {
			items[i].CID = ""
		}
	}
	return items
}

// Row is a Message with the columns that the first founding document's history has.
type Row struct {
	Message
	RoomIDColumn int64   `json:"room_id"`
	UserIDColumn int64   `json:"user_id"`
	AnonName     *string `json:"anon_name"` // null once the mask was erased
}

// RowsFor shows messages as GET /rooms/{id}/messages does.
func RowsFor(reader profile.ID, messages []message.Message) []Row {
	items := MessagesFor(reader, messages)
	rows := make([]Row, len(items))
	for i, item := range items {
		rows[i] = Row{Message: item, RoomIDColumn: item.RoomID, UserIDColumn: item.UserID}
		if item.Author != nil {
			rows[i].AnonName = &item.Author.Nickname
		}
	}
	return rows
}

// Page is a part of a room's history.
type Page struct {
	Items   []Message `json:"items"`
	Head    int64     `json:"head"`
	Epoch   string    `json:"epoch"`
	HasMore bool      `json:"hasMore"`
}

// NewPage shows a page to a reader.
func NewPage(reader profile.ID, p message.Page) Page {
	return Page{Items: MessagesFor(reader, p.Items), Head: p.Head.Seq, Epoch: p.Head.Epoch, HasMore: p.More}
}

// Sent answers the sender of a message.
type Sent struct {
	ID        string `json:"id"`
	Seq       int64  `json:"seq"`
	CID       string `json:"cid"`
	CreatedAt string `json:"created_at"`
}

// NewSent shows the result of sending.
func NewSent(r message.Result) Sent {
	return Sent{ID: message.PublicID(r.Room, r.Seq), Seq: r.Seq, CID: r.CID.String(), CreatedAt: Time(r.CreatedAt)}
}

// Time shows a moment: RFC 3339 UTC, whole seconds (decision 23).
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
