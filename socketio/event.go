package socketio

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync/atomic"
)

// Binary is a byte string that travels as a binary attachment instead of
// base64 text. As an argument of Emit and its like, []byte means the same;
// inside of arguments Binary is found in map[string]any and []any only.
type Binary []byte

// JSON is finished JSON text as an argument of Emit and its like. It goes out
// byte for byte and, unlike a json.RawMessage, unchecked: the caller vouches for
// it. A client that gets anything else ends its connection.
type JSON []byte

// Value is one received argument: JSON, in which byte strings are placeholders
// for attachments. As an argument of Emit or Ack it is passed on unchanged,
// attachments included.
type Value struct {
	raw  json.RawMessage
	bins [][]byte // all attachments of the packet
}

// JSON returns the argument's JSON text as received; binary parts are objects
// {"_placeholder":true,"num":n}.
func (v Value) JSON() json.RawMessage { return v.raw }

// holes finds the argument's attachments.
func (v Value) holes() []hole {
	if len(v.bins) == 0 {
		return nil
	}
	return scanHoles(v.raw)
}

// Binary returns the bytes if the whole argument is binary.
func (v Value) Binary() ([]byte, bool) {
	holes := v.holes()
	if len(holes) != 1 || holes[0].start != 0 || holes[0].end != len(v.raw) {
		return nil, false
	}
	return v.bins[holes[0].num], true
}

// Bind decodes the argument into dst as json.Unmarshal does; binary parts go to
// []byte fields.
func (v Value) Bind(dst any) error {
	holes := v.holes()
	if len(holes) == 0 {
		return json.Unmarshal(v.raw, dst)
	}
	// encoding/json reads base64 text into []byte.
	var text []byte
	at := 0
	for _, h := range holes {
		text = append(text, v.raw[at:h.start]...)
		text = append(text, '"')
		text = base64.StdEncoding.AppendEncode(text, v.bins[h.num])
		text = append(text, '"')
		at = h.end
	}
	return json.Unmarshal(append(text, v.raw[at:]...), dst)
}

// Event is a received event. It may be kept after its handler has returned.
type Event struct {
	Name string
	Args []Value

	socket *Socket
	ack    int64
	acked  atomic.Bool
}

// ErrNoArgument is the error of Event.Bind for an argument that was not sent.
var ErrNoArgument = errors.New("socketio: no such argument")

// Bind decodes argument i into dst as Value.Bind does.
func (e *Event) Bind(i int, dst any) error {
	if i < 0 || i >= len(e.Args) {
		return ErrNoArgument
	}
	return e.Args[i].Bind(dst)
}

// WantsAck reports whether the client asked for an acknowledgement.
func (e *Event) WantsAck() bool { return e.ack != noAck }

// Errors of Event.Ack.
var (
	// ErrNoAck means that the client did not ask for an acknowledgement.
	ErrNoAck = errors.New("socketio: event wants no acknowledgement")
	// ErrAcked means that the event was acknowledged before.
	ErrAcked = errors.New("socketio: event is already acknowledged")
)

// Ack answers the event, once, from any goroutine, also long after the handler
// has returned. The error is ErrNoAck, ErrAcked, ErrDisconnected, or that of
// encoding the arguments, after which it may be tried again.
func (e *Event) Ack(args ...any) error {
	if e.ack == noAck {
		return ErrNoAck
	}
	p, err := e.socket.ns.encode("", e.ack, args)
	if err != nil {
		return err
	}
	if !e.acked.CompareAndSwap(false, true) {
		return ErrAcked
	}
	return e.socket.send(opSend, p)
}
