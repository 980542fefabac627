package realtime

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// Packets makes packets of events and of finished Engine.IO text; *socketio.Namespace does.
type Packets interface {
	Encode(event string, args ...any) (*socketio.Packet, error)
	FromText(text []byte) (*socketio.Packet, error)
}

// frame is one stored change of a room, encoded once for all receivers on all nodes.
type frame struct {
	seq    int64
	text   []byte // Engine.IO text, 42["message",{…}]
	packet *socketio.Packet
	change *change // nil unless the room itself or its members changed
}

const (
	messagePrefix = `42["message",`
	roomPrefix    = `42["room",`
)

// item is the JSON of the message in a frame, nil if it carries something else.
func (f *frame) item() []byte {
	inside, ok := bytes.CutPrefix(f.text, []byte(messagePrefix))
	if !ok {
		return nil
	}
	return bytes.TrimSuffix(inside, []byte("]"))
}

func messageFrame(packets Packets, m *message.Message) (frame, error) {
	packet, err := eventPacket(packets, "message", view.NewMessage(m))
	if err != nil {
		return frame{}, err
	}
	return frame{seq: m.Rev, text: packet.Text(), packet: packet}, nil
}

func roomFrame(packets Packets, s room.State, online int) (frame, error) {
	packet, err := eventPacket(packets, "room", view.NewRoomChange(s, online))
	if err != nil {
		return frame{}, err
	}
	return frame{seq: s.Head, text: packet.Text(), packet: packet, change: changeOf(&s)}, nil
}

// readChange finds out what a frame of another node says about the members of a room.
func (f *frame) readChange() error {
	inside, ok := bytes.CutPrefix(f.text, []byte(roomPrefix))
	if !ok {
		return nil
	}
	var v struct {
		Room struct {
			Closed bool `json:"closed"`
		} `json:"room"`
		People []struct {
			ID profile.ID `json:"id"`
		} `json:"people"`
	}
	if err := json.Unmarshal(bytes.TrimSuffix(inside, []byte("]")), &v); err != nil {
		return err
	}
	f.change = &change{closed: v.Room.Closed}
	for _, p := range v.People {
		f.change.people = append(f.change.people, p.ID)
	}
	return nil
}

func eventPacket(packets Packets, event string, payload any) (*socketio.Packet, error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	return packets.Encode(event, socketio.JSON(text))
}

// A batch is what one commit added to one room, as nodes tell it to each other: the version of the
// format, the room, the first seq, and each frame's text with its length before it. Numbers are
// unsigned varints.
const batchVersion = 1

var errBatch = errors.New("realtime: malformed batch from another node")

func encodeBatch(id room.ID, frames []frame) []byte {
	b := []byte{batchVersion}
	b = binary.AppendUvarint(b, uint64(id))            //nolint:gosec // ids and seqs are positive
	b = binary.AppendUvarint(b, uint64(frames[0].seq)) //nolint:gosec // ids and seqs are positive
	for _, f := range frames {
		b = binary.AppendUvarint(b, uint64(len(f.text)))
		b = append(b, f.text...)
	}
	return b
}

func parseBatch(packets Packets, b []byte) (room.ID, []frame, error) {
	if len(b) == 0 {
		return 0, nil, errBatch
	}
	if b[0] != batchVersion {
		return 0, nil, fmt.Errorf("%w: version %d", errBatch, b[0])
	}
	b = b[1:]
	id, b, ok := number(b)
	if !ok {
		return 0, nil, errBatch
	}
	seq, b, ok := number(b)
	if !ok {
		return 0, nil, errBatch
	}
	var frames []frame
	for len(b) > 0 {
		size, rest, ok := number(b)
		if !ok || size > int64(len(rest)) {
			return 0, nil, errBatch
		}
		f := frame{seq: seq, text: rest[:size:size]}
		var err error
		if f.packet, err = packets.FromText(f.text); err != nil {
			return 0, nil, fmt.Errorf("%w: %w", errBatch, err)
		}
		if err := f.readChange(); err != nil {
			return 0, nil, fmt.Errorf("%w: %w", errBatch, err)
		}
		frames = append(frames, f)
		seq, b = seq+1, rest[size:]
	}
	if len(frames) == 0 {
		return 0, nil, errBatch
	}
	return room.ID(id), frames, nil
}

func number(b []byte) (n int64, rest []byte, ok bool) {
	u, size := binary.Uvarint(b)
	if size <= 0 || u > 1<<53 {
		return 0, nil, false
	}
	return int64(u), b[size:], true
}
