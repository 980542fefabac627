package realtime

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"maska/internal/errs"
	"maska/internal/room"
	"maska/socketio"
)

// wholePayload stands for the payload itself where an error names a field.
const wholePayload = "payload"

// argument is the JSON object that an event carries. Whatever else it may carry is refused: the
// client's mistake must not become ours.
func argument(e *socketio.Event) ([]byte, error) {
	if len(e.Args) == 0 {
		return nil, errs.Invalid(wholePayload, errs.Required)
	}
	if _, binary := e.Args[0].Binary(); binary {
		return nil, errs.Invalid(wholePayload, errs.WrongType)
	}
	text := bytes.TrimSpace(e.Args[0].JSON())
	switch {
	case len(text) == 0, bytes.Equal(text, []byte("null")):
		return nil, errs.Invalid(wholePayload, errs.Required)
	case text[0] != '{':
		return nil, errs.Invalid(wholePayload, errs.WrongType)
	}
	return text, nil
}

// decode reads strict JSON: names exact, no name twice, valid UTF-8, whole numbers whole. Members
// that dst does not have are ignored.
func decode(text []byte, dst any) error {
	err := json.Unmarshal(text, dst)
	if err == nil {
		return nil
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		field := firstName(semantic.JSONPointer)
		if field == "" {
			field = wholePayload
		}
		return errs.Invalid(field, errs.WrongType)
	}
	return errs.Wrap(errs.MalformedJSON, err)
}

func firstName(p jsontext.Pointer) string {
	for name := range p.Tokens() {
		return name
	}
	return ""
}

// authPayload is what CONNECT and auth carry.
type authPayload struct {
	Token  *string           `json:"token"`
	Rooms  map[string]int64  `json:"rooms"`
	Epochs map[string]string `json:"epochs"`
}

func (p *authPayload) token() string {
	if p.Token == nil {
		return ""
	}
	return strings.TrimSpace(*p.Token)
}

type roomPayload struct {
	RoomID *room.ID `json:"roomId"`
}

type messagePayload struct {
	RoomID  *room.ID `json:"roomId"`
	Content string   `json:"content"`
	CID     *string  `json:"cid"`
	ReplyTo *string  `json:"replyTo"`
	Media   []string `json:"media"`
}

type readPayload struct {
	RoomID *room.ID `json:"roomId"`
	Seq    *int64   `json:"seq"`
}

type syncPayload struct {
	RoomID *room.ID `json:"roomId"`
	After  *int64   `json:"after"`
	Epoch  string   `json:"epoch"`
}
