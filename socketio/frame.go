package socketio

import (
	"encoding/binary"
	"unicode/utf8"
)

// WebSocket opcodes (RFC 6455, 5.2).
const (
	frameContinuation = 0x0
	frameText         = 0x1
	frameBinary       = 0x2
	frameClose        = 0x8
	framePing         = 0x9
	framePong         = 0xA
)

// WebSocket close codes (RFC 6455, 7.4.1, and the IANA registry).
const (
	codeNormal    = 1000
	codeGoingAway = 1001
	codeProtocol  = 1002
	codeInvalid   = 1007
	codePolicy    = 1008
	codeTooBig    = 1009
	codeRestart   = 1012
	codeTryLater  = 1013
)

const (
	maxFrameHeader    = 14
	maxControlPayload = 125
	// maxFragments bounds the frames of one message. The pieces go into one
	// buffer, so that small ones cost no more memory than large ones.
	maxFragments = 1024
)

// A frameError is a violation of RFC 6455 and the code to close with.
type frameError struct {
	code uint16
	text string
}

func (e *frameError) Error() string { return "socketio: websocket: " + e.text }

// appendFrameHeader appends the header of an unmasked, unfragmented frame.
func appendFrameHeader(b []byte, op byte, n int) []byte {
	b = append(b, 0x80|op)
	switch {
	case n <= 125:
		return append(b, byte(n)) //nolint:gosec // at most 125
	case n <= 0xFFFF:
		return append(b, 126, byte(n>>8), byte(n)) //nolint:gosec // at most 65,535
	default:
		return binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
}

// appendFrame appends a whole frame.
func appendFrame(b []byte, op byte, payload []byte) []byte {
	return append(appendFrameHeader(b, op, len(payload)), payload...)
}

// closeFrame is a close frame; code 0 carries no body.
func closeFrame(code uint16, text string) []byte {
	if code == 0 {
		return appendFrameHeader(nil, frameClose, 0)
	}
	body := binary.BigEndian.AppendUint16(nil, code)
	body = append(body, text[:min(len(text), maxControlPayload-2)]...)
	return appendFrame(nil, frameClose, body)
}

// frameSink takes what a frameReader has put together: whole text and binary
// messages, and control frames. The payload is valid during the call only.
type frameSink interface {
	frame(op byte, payload []byte) error
}

// frameReader is the receiving half of a server's WebSocket: it is fed bytes as
// they come and holds nothing but an incomplete message, never more than max
// bytes of it, and never more than has really arrived.
type frameReader struct {
	max int

	msg   []byte // the message so far, if it did not come in one piece
	ctl   []byte // a control frame's payload so far, likewise
	kind  byte   // opcode of the message in progress, 0 between messages
	frags int

	hdr    [maxFrameHeader]byte
	nhdr   int
	inBody bool
	fin    bool
	op     byte // opcode of the frame in progress
	mask   [4]byte
	pos    int // payload bytes seen of that frame
	left   int // and still to come
}

// feed takes all of p, which it changes, and calls sink for each whole message
// in it. An error is the sink's, or a *frameError.
func (r *frameReader) feed(p []byte, sink frameSink) error {
	for {
		if !r.inBody {
			rest, err := r.header(p)
			if err != nil || !r.inBody {
				return err
			}
			p = rest
		}
		n := min(r.left, len(p))
		if n == 0 && r.left > 0 {
			return nil
		}
		chunk := p[:n:n]
		p = p[n:]
		unmask(chunk, r.mask, r.pos)
		r.pos += n
		r.left -= n
		if err := r.body(chunk, sink); err != nil {
			return err
		}
	}
}

// header collects and checks a frame header; inBody tells whether it is whole.
func (r *frameReader) header(p []byte) ([]byte, error) {
	for len(p) > 0 {
		need := 2
		if r.nhdr >= 2 {
			need = 6
			switch r.hdr[1] & 0x7F {
			case 126:
				need = 8
			case 127:
				need = 14
			}
		}
		n := copy(r.hdr[r.nhdr:need], p)
		r.nhdr += n
		p = p[n:]
		if r.nhdr == 2 && need == 2 {
			if err := r.checkStart(); err != nil {
				return nil, err
			}
			continue
		}
		if r.nhdr == need {
			return p, r.checkLength()
		}
	}
	return p, nil
}

// checkStart judges the first two bytes of a header.
func (r *frameReader) checkStart() error {
	b0, b1 := r.hdr[0], r.hdr[1]
	r.fin, r.op = b0&0x80 != 0, b0&0x0F
	switch {
	case b0&0x70 != 0:
		return &frameError{codeProtocol, "reserved bits set"}
	case b1&0x80 == 0:
		return &frameError{codeProtocol, "unmasked client frame"}
	}
	switch r.op {
	case frameText, frameBinary:
		if r.kind != 0 {
			return &frameError{codeProtocol, "new message inside of a fragmented one"}
		}
		r.kind, r.frags = r.op, 1
	case frameContinuation:
		if r.kind == 0 {
			return &frameError{codeProtocol, "continuation of nothing"}
		}
		if r.frags++; r.frags > maxFragments {
			return &frameError{codePolicy, "too many fragments"}
		}
	case frameClose, framePing, framePong:
		if !r.fin || b1&0x7F > maxControlPayload {
			return &frameError{codeProtocol, "control frame too long or fragmented"}
		}
	default:
		return &frameError{codeProtocol, "unknown opcode"}
	}
	return nil
}

// checkLength judges the length of a complete header and starts its body.
func (r *frameReader) checkLength() error {
	n := uint64(r.hdr[1] & 0x7F)
	mask := r.hdr[2:6]
	switch n {
	case 126:
		n, mask = uint64(binary.BigEndian.Uint16(r.hdr[2:])), r.hdr[4:8]
		if n < 126 {
			return &frameError{codeProtocol, "length not in its shortest form"}
		}
	case 127:
		n, mask = binary.BigEndian.Uint64(r.hdr[2:]), r.hdr[10:14]
		if n <= 0xFFFF || n>>63 != 0 {
			return &frameError{codeProtocol, "length not in its shortest form"}
		}
	}
	if r.op < frameClose && n > uint64(r.max-len(r.msg)) { //nolint:gosec // msg never exceeds max
		return &frameError{codeTooBig, "message too big"}
	}
	copy(r.mask[:], mask)
	r.nhdr, r.inBody, r.pos, r.left = 0, true, 0, int(n)
	return nil
}

// body takes the next piece of a frame's payload, unmasked.
func (r *frameReader) body(chunk []byte, sink frameSink) error {
	done := r.left == 0
	r.inBody = !done
	if r.op >= frameClose {
		if done && len(r.ctl) == 0 {
			return sink.frame(r.op, chunk)
		}
		r.ctl = append(r.ctl, chunk...)
		if !done {
			return nil
		}
		ctl := r.ctl
		r.ctl = nil
		return sink.frame(r.op, ctl)
	}
	msg := chunk
	if !done || !r.fin || len(r.msg) > 0 {
		r.msg = append(r.msg, chunk...)
		if !done || !r.fin {
			return nil
		}
		msg = r.msg
	}
	kind := r.kind
	r.msg, r.kind = nil, 0
	if kind == frameText && !utf8.Valid(msg) {
		return &frameError{codeInvalid, "text is not UTF-8"}
	}
	return sink.frame(kind, msg)
}

// unmask undoes the client's masking of a payload piece that starts at pos.
func unmask(b []byte, mask [4]byte, pos int) {
	var key [8]byte
	for i := range key {
		key[i] = mask[(pos+i)&3]
	}
	k := binary.LittleEndian.Uint64(key[:])
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i]
	}
}

// parseClose judges a close frame and returns the code to answer with.
func parseClose(payload []byte) (uint16, error) {
	if len(payload) == 0 {
		return codeNormal, nil
	}
	if len(payload) == 1 {
		return 0, &frameError{codeProtocol, "close frame of one byte"}
	}
	code := binary.BigEndian.Uint16(payload)
	switch {
	case code < 1000, code >= 1004 && code <= 1006, code >= 1015 && code < 3000, code >= 5000:
		return 0, &frameError{codeProtocol, "close code may not be sent"}
	case !utf8.Valid(payload[2:]):
		return 0, &frameError{codeInvalid, "close reason is not UTF-8"}
	}
	return code, nil
}
