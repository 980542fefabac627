package socketio

import (
	"encoding/json"
	"errors"
)

// Binary is a byte string that travels as a binary attachment instead of
// base64 text. As an argument of Emit and its like, []byte means the same;
// inside of arguments Binary is found in map[string]any and []any only.
type Binary []byte

// Value is one received argument: JSON, in which byte strings are placeholders
// for attachments. As an argument of Emit or Ack it is passed on unchanged,
// attachments included.
type Value struct {
	raw json.RawMessage
}

// JSON returns the argument's JSON text as received; binary parts are objects
// {"_placeholder":true,"num":n}.
func (v Value) JSON() json.RawMessage { return v.raw }

// Binary returns the bytes if the whole argument is binary.
func (v Value) Binary() ([]byte, bool) { return nil, false }

// Bind decodes the argument into dst as json.Unmarshal does; binary parts go to
// []byte fields.
func (v Value) Bind(dst any) error { return errors.ErrUnsupported }

// Event is a received event. It may be kept after its handler has returned.
type Event struct {
	Name string
	Args []Value
}

// ErrNoArgument is the error of Event.Bind for an argument that was not sent.
var ErrNoArgument = errors.New("socketio: no such argument")

// Bind decodes argument i into dst as Value.Bind does.
func (e *Event) Bind(i int, dst any) error { return errors.ErrUnsupported }

// WantsAck reports whether the client asked for an acknowledgement.
func (e *Event) WantsAck() bool { return false }

// Errors of Event.Ack.
var (
	// ErrNoAck means that the client did not ask for an acknowledgement.
	ErrNoAck = errors.New("socketio: event wants no acknowledgement")
	// ErrAcked means that the event was acknowledged before.
	ErrAcked = errors.New("socketio: event is already acknowledged")
)

// Ack answers the event, once, from any goroutine, also long after the handler
// has returned. The error is ErrNoAck, ErrAcked, ErrDisconnected, or that of
// encoding the arguments.
func (e *Event) Ack(args ...any) error { return errors.ErrUnsupported }
