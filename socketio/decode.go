package socketio

import (
	"errors"
)

// Socket.IO packet types (Socket.IO protocol v5).
const (
	typeConnect      = '0'
	typeDisconnect   = '1'
	typeEvent        = '2'
	typeAck          = '3'
	typeConnectError = '4'
	typeBinaryEvent  = '5'
	typeBinaryAck    = '6'
)

const (
	maxNamespaceName = 128
	maxEventName     = 64
	maxAckID         = 1<<53 - 1
	maxAckDigits     = 16
	noAck            = -1
)

// errParse ends a session whose peer sent something that is no packet.
var errParse = errors.New("socketio: parse error")

// packet is a decoded Socket.IO packet. Its slices point into the text it was
// decoded from.
type packet struct {
	kind        byte
	attachments int
	ns          []byte // nil for the main namespace
	ack         int64  // noAck when absent
	name        []byte // of an event: the JSON string, or a number
	args        []span // of an event (without its name) or ack
	data        []byte // all of the JSON, nil when absent
}

// span is a piece of packet.data.
type span struct{ start, end int }

// decodePacket reads the Socket.IO packet in text, which is UTF-8 and does not
// include Engine.IO's '4', as a server may receive it. The error is errParse.
func decodePacket(text []byte, maxAttachments int) (packet, error) {
	p := packet{ack: noAck}
	if len(text) == 0 || text[0] < typeConnect || text[0] > typeBinaryAck || text[0] == typeConnectError {
		return p, errParse
	}
	p.kind, text = text[0], text[1:]

	if p.kind >= typeBinaryEvent {
		n, width := leadingDigits(text, 2)
		if width == 0 || width >= len(text) || text[width] != '-' || text[0] == '0' || n > int64(maxAttachments) {
			return p, errParse
		}
		p.attachments, text = int(n), text[width+1:]
	}
	if len(text) > 0 && text[0] == '/' {
		end := 0
		for end < len(text) && text[end] != ',' {
			if text[end] < ' ' || text[end] == 0x7F {
				return p, errParse
			}
			end++
		}
		if end > maxNamespaceName {
			return p, errParse
		}
		if end > 1 {
			p.ns = text[:end]
		}
		text = text[min(end+1, len(text)):]
	}
	if len(text) > 0 && '0' <= text[0] && text[0] <= '9' {
		n, width := leadingDigits(text, maxAckDigits)
		if width == 0 || n > maxAckID {
			return p, errParse
		}
		p.ack, text = n, text[width:]
	}
	if len(text) > 0 {
		p.data = text
	}
	return p, p.check()
}

// leadingDigits reads a decimal of at most that many digits; width 0 means that there
// is none, or a longer one.
func leadingDigits(b []byte, most int) (n int64, width int) {
	for width < len(b) && '0' <= b[width] && b[width] <= '9' {
		if width == most {
			return 0, 0
		}
		n = n*10 + int64(b[width]-'0')
		width++
	}
	return n, width
}

// check judges the payload by the packet's type and splits its arguments.
func (p *packet) check() error {
	switch p.kind {
	case typeConnect:
		if p.data != nil && (p.data[0] != '{' || !scanJSON(p.data)) {
			return errParse
		}
		return nil
	case typeDisconnect:
		if p.data != nil {
			return errParse
		}
		return nil
	}

	s := scanner{b: p.data, wantHoles: p.attachments > 0}
	if len(p.data) == 0 || p.data[0] != '[' {
		return errParse
	}
	end := s.array(0, func(start, end int) { p.args = append(p.args, span{start, end}) })
	if end < 0 || s.space(end) != len(p.data) {
		return errParse
	}
	if p.attachments > 0 && !p.fillsEach(s.holes) {
		return errParse
	}
	if p.kind == typeAck || p.kind == typeBinaryAck {
		if p.ack == noAck {
			return errParse
		}
		return nil
	}
	return p.checkName()
}

// fillsEach reports whether the placeholders name every attachment once.
func (p *packet) fillsEach(holes []hole) bool {
	if len(holes) != p.attachments {
		return false
	}
	var seen uint64
	for _, h := range holes {
		if h.num < 0 || h.num >= p.attachments || seen&(1<<h.num) != 0 {
			return false
		}
		seen |= 1 << h.num
	}
	return true
}

// checkName takes the event's name off its arguments.
func (p *packet) checkName() error {
	if len(p.args) == 0 {
		return errParse
	}
	name := p.data[p.args[0].start:p.args[0].end]
	p.args = p.args[1:]
	switch c := name[0]; {
	case c == '"':
		if isReserved(unquote(name)) || len(name) > maxEventName+2 {
			return errParse
		}
	case c == '-', '0' <= c && c <= '9':
		if len(name) > maxEventName {
			return errParse
		}
	default:
		return errParse
	}
	p.name = name
	return nil
}

// isReserved reports whether an event of that name may not be sent.
func isReserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// namespace returns the name of the packet's namespace.
func (p *packet) namespace() string {
	if p.ns == nil {
		return "/"
	}
	return string(p.ns)
}
