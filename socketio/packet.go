package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Packet is an encoded, framed event, immutable and free to be kept and sent
// any number of times within its namespace.
type Packet struct {
	ns    *Namespace // nil for what the engine itself sends
	frame []byte     // WebSocket: the text frame and, right behind it, a frame per attachment
	text  []byte     // the text frame's payload, within frame; nil for a lone binary message
	bins  [][]byte   // the attachments, within frame
	event bool       // without ack id
	made  int64      // when Encode or FromText made it, by the server's clock
}

// Text returns the packet as Engine.IO text, `42["name",…]`, for FromText of
// another node. It is nil for a packet with binary attachments. The caller
// must not change it.
func (p *Packet) Text() []byte {
	if len(p.bins) > 0 {
		return nil
	}
	return p.text
}

// Size returns the bytes the packet takes on a WebSocket.
func (p *Packet) Size() int { return len(p.frame) }

// textPacket frames Engine.IO text.
func textPacket(text string) *Packet {
	frame := appendFrame(make([]byte, 0, len(text)+10), frameText, []byte(text))
	return &Packet{frame: frame, text: frame[len(frame)-len(text):]}
}

// binaryPacket frames an Engine.IO binary message.
func binaryPacket(data []byte) *Packet {
	frame := appendFrame(make([]byte, 0, len(data)+10), frameBinary, data)
	return &Packet{frame: frame, bins: [][]byte{frame[len(frame)-len(data):]}}
}

// errBinaryPlace is the error for a Binary where it cannot become an attachment.
var errBinaryPlace = errors.New("socketio: Binary inside of an argument must be in a map[string]any or []any")

// MarshalJSON fails: the encoder finds Binary itself, where it can.
func (b Binary) MarshalJSON() ([]byte, error) { return nil, errBinaryPlace }

// encoder writes the JSON array of a packet and collects its attachments.
type encoder struct {
	buf  bytes.Buffer
	bins [][]byte
}

// maxHead is the longest head of a packet: frame header, types, attachment
// count, namespace and ack id.
const maxHead = 10 + 2 + 3 + maxNamespaceName + 1 + maxAckDigits

// headRoom is what is left free before the JSON for the head, which is known
// last.
func (n *Namespace) headRoom() int { return maxHead - maxNamespaceName + len(n.name) }

// encode makes a packet of an event (name not empty) or an acknowledgement.
func (n *Namespace) encode(name string, ack int64, args []any) (*Packet, error) {
	if isReserved(name) {
		return nil, fmt.Errorf("socketio: event name %q is reserved", name)
	}
	var e encoder
	e.buf.Grow(n.headRoom() + len(name) + len(`["",]`) + sizeHint(args))
	var room [maxHead]byte
	e.buf.Write(room[:n.headRoom()])
	e.buf.WriteByte('[')
	first := true
	kind := byte(typeAck)
	if name != "" {
		kind, first = typeEvent, false
		if err := e.json(name); err != nil {
			return nil, err
		}
	}
	for _, arg := range args {
		if !first {
			e.buf.WriteByte(',')
		}
		first = false
		if err := e.value(arg); err != nil {
			return nil, fmt.Errorf("encode %q: %w", name, err)
		}
	}
	e.buf.WriteByte(']')
	if len(e.bins) > 0 {
		kind += typeBinaryEvent - typeEvent
	}
	p := n.assemble(kind, ack, e.buf.Bytes(), e.bins)
	p.event, p.made = ack == noAck, n.srv.now()
	return p, nil
}

// sizeHint is the size of those arguments that know it, and a guess for others.
func sizeHint(args []any) int {
	n := 0
	for _, arg := range args {
		switch arg := arg.(type) {
		case JSON:
			n += len(arg)
		case json.RawMessage:
			n += len(arg)
		case Value:
			n += len(arg.raw)
		case string:
			n += len(arg)
		default:
			n += 64
		}
	}
	return n
}

// assemble puts the head before the payload, which starts with that many free
// bytes (headRoom), and the attachments behind it.
func (n *Namespace) assemble(kind byte, ack int64, payload []byte, bins [][]byte) *Packet {
	var head [maxHead]byte
	h := append(head[:0], '4', kind)
	if len(bins) > 0 {
		h = append(strconv.AppendInt(h, int64(len(bins)), 10), '-')
	}
	if n.name != "/" {
		h = append(append(h, n.name...), ',')
	}
	if ack != noAck {
		h = strconv.AppendInt(h, ack, 10)
	}
	room := n.headRoom()
	textLen := len(h) + len(payload) - room
	var wsHead [10]byte
	f := appendFrameHeader(wsHead[:0], frameText, textLen)

	start := room - len(h) - len(f)
	copy(payload[start:], f)
	copy(payload[start+len(f):], h)
	p := &Packet{ns: n, frame: payload[start:]}
	for _, bin := range bins {
		p.frame = appendFrame(p.frame, frameBinary, bin)
	}
	p.text = p.frame[len(f) : len(f)+textLen : len(f)+textLen]
	at := len(f) + textLen
	for _, bin := range bins {
		at += len(appendFrameHeader(wsHead[:0], frameBinary, len(bin)))
		p.bins = append(p.bins, p.frame[at:at+len(bin):at+len(bin)])
		at += len(bin)
	}
	return p
}

// control makes a packet without an array: CONNECT, DISCONNECT, CONNECT_ERROR.
func (n *Namespace) control(kind byte, payload []byte) *Packet {
	room := n.headRoom()
	return n.assemble(kind, noAck, append(make([]byte, room, room+len(payload)), payload...), nil)
}

// value writes one argument.
func (e *encoder) value(v any) error {
	switch v := v.(type) {
	case Binary:
		e.attach(v)
	case []byte:
		e.attach(v)
	case Value:
		e.received(v)
	case JSON:
		e.buf.Write(v)
	case json.RawMessage:
		// scanJSON is the faster, and gives up on deep nesting.
		if !utf8.Valid(v) || !scanJSON(v) && !json.Valid(v) {
			return errors.New("socketio: json.RawMessage is not valid JSON")
		}
		e.buf.Write(v)
	case map[string]any:
		e.buf.WriteByte('{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				e.buf.WriteByte(',')
			}
			if err := e.json(key); err != nil {
				return err
			}
			e.buf.WriteByte(':')
			if err := e.value(v[key]); err != nil {
				return err
			}
		}
		e.buf.WriteByte('}')
	case []any:
		e.buf.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				e.buf.WriteByte(',')
			}
			if err := e.value(item); err != nil {
				return err
			}
		}
		e.buf.WriteByte(']')
	default:
		return e.json(v)
	}
	return nil
}

// json writes what encoding/json makes of v, without escaping HTML.
func (e *encoder) json(v any) error {
	if text, ok := v.(string); ok && isPlain(text) {
		e.buf.WriteByte('"')
		e.buf.WriteString(text)
		e.buf.WriteByte('"')
		return nil
	}
	enc := json.NewEncoder(&e.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	e.buf.Truncate(e.buf.Len() - 1) // the encoder's newline
	return nil
}

// isPlain reports whether a string needs no escapes.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func (e *encoder) attach(b []byte) {
	e.placeholder(len(e.bins))
	e.bins = append(e.bins, b)
}

func (e *encoder) placeholder(num int) {
	e.buf.WriteString(`{"_placeholder":true,"num":`)
	e.buf.Write(strconv.AppendInt(e.buf.AvailableBuffer(), int64(num), 10))
	e.buf.WriteByte('}')
}

// received writes a received argument, its attachments numbered anew.
func (e *encoder) received(v Value) {
	if len(v.raw) == 0 {
		e.buf.WriteString("null")
		return
	}
	at := 0
	for _, h := range v.holes() {
		e.buf.Write(v.raw[at:h.start])
		e.attach(v.bins[h.num])
		at = h.end
	}
	e.buf.Write(v.raw[at:])
}
