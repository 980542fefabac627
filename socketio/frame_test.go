package socketio

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// clientFrame is a masked frame as a client sends it.
func clientFrame(fin bool, op byte, payload []byte) []byte {
	b := appendFrameHeader(nil, op, len(payload))
	if !fin {
		b[0] &^= 0x80
	}
	b[1] |= 0x80
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, mask[:]...)
	start := len(b)
	b = append(b, payload...)
	unmask(b[start:], mask, 0)
	return b
}

// frameLog collects what a frameReader delivers.
type frameLog struct {
	got []string
}

func (l *frameLog) frame(op byte, payload []byte) error {
	l.got = append(l.got, string('0'+rune(op))+string(payload))
	return nil
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

func TestGoldenFrames(t *testing.T) {
	n := newNamespace(new(Server), "/")
	room := newNamespace(new(Server), "/room")
	encode := func(n *Namespace, name string, ack int64, args ...any) *Packet {
		p, err := n.encode(name, ack, args)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	for name, c := range map[string]struct {
		p    *Packet
		want string
	}{
		"ping":                  {pingPacket, "8101" + text("2")},
		"noop":                  {noopPacket, "8101" + text("6")},
		"event":                 {encode(n, "msg", noAck, map[string]any{"a": 1}), "8111" + text(`42["msg",{"a":1}]`)},
		"event in a namespace":  {encode(room, "msg", 17, "hi"), "8116" + text(`42/room,17["msg","hi"]`)},
		"acknowledgement":       {encode(n, "", 17, "ok"), "810a" + text(`4317["ok"]`)},
		"empty acknowledgement": {encode(room, "", 17), "810c" + text(`43/room,17[]`)},
		"binary event": {
			encode(n, "img", noAck, Binary("\x01\x02")),
			"8129" + text(`451-["img",{"_placeholder":true,"num":0}]`) + "82020102",
		},
		"binary acknowledgement": {
			encode(room, "", 9, []byte("\xff")),
			"812a" + text(`461-/room,9[{"_placeholder":true,"num":0}]`) + "8201ff",
		},
		"disconnect": {room.control(typeDisconnect, nil), "8108" + text("41/room,")},
		"connect":    {n.control(typeConnect, []byte(`{"sid":"x"}`)), "810d" + text(`40{"sid":"x"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := hex.EncodeToString(c.p.frame); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFrameLengthsUseTheShortestForm(t *testing.T) {
	for n, want := range map[int]string{0: "8200", 125: "827d", 126: "827e007e", 65535: "827effff", 65536: "827f0000000000010000"} {
		if got := hex.EncodeToString(appendFrameHeader(nil, frameBinary, n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestFramesAreReadHoweverTheyArrive(t *testing.T) {
	long := strings.Repeat("я", 40000)
	stream := join(
		clientFrame(true, frameText, []byte("hello")),
		clientFrame(true, frameText, nil),
		clientFrame(false, frameText, []byte("fra")),
		clientFrame(true, framePing, []byte("in between")),
		clientFrame(false, frameContinuation, nil),
		clientFrame(true, frameContinuation, []byte("gment")),
		clientFrame(true, frameBinary, bytes.Repeat([]byte{7}, 126)),
		clientFrame(true, frameText, []byte(long)),
		clientFrame(true, frameClose, []byte{3, 232}),
	)
	want := []string{"1hello", "1", "9in between", "1fragment", "2" + strings.Repeat("\x07", 126), "1" + long, "8\x03\xe8"}
	for _, size := range []int{1, 2, 3, 7, 100, 4096, len(stream)} {
		r, log := frameReader{max: 100000}, &frameLog{}
		for at := 0; at < len(stream); at += size {
			piece := bytes.Clone(stream[at:min(at+size, len(stream))])
			if err := r.feed(piece, log); err != nil {
				t.Fatalf("pieces of %d: %v", size, err)
			}
		}
		if strings.Join(log.got, "|") != strings.Join(want, "|") {
			t.Errorf("pieces of %d: got %d messages %.60q", size, len(log.got), log.got)
		}
		if r.msg != nil || r.ctl != nil {
			t.Errorf("pieces of %d: memory is kept", size)
		}
	}
}

// RFC 6455 and Engine.IO's limits: the abuse and the code it ends with.
func TestFrameAbuseEndsWithItsCode(t *testing.T) {
	unmasked := appendFrame(nil, frameText, []byte("4x"))
	for name, c := range map[string]struct {
		stream []byte
		code   uint16
	}{
		"reserved bit 1":            {[]byte{0x80 | 0x40 | frameText, 0x80}, codeProtocol},
		"reserved bit 3":            {[]byte{0x80 | 0x10 | frameText, 0x80}, codeProtocol},
		"unknown data opcode":       {clientFrame(true, 3, nil), codeProtocol},
		"unknown control opcode":    {clientFrame(true, 0xB, nil), codeProtocol},
		"unmasked":                  {unmasked, codeProtocol},
		"control frame of 126":      {clientFrame(true, framePing, make([]byte, 126)), codeProtocol},
		"fragmented control frame":  {clientFrame(false, framePing, nil), codeProtocol},
		"stray continuation":        {clientFrame(true, frameContinuation, nil), codeProtocol},
		"message inside of message": {join(clientFrame(false, frameText, nil), clientFrame(true, frameText, nil)), codeProtocol},
		"length 5 in 16 bits":       {[]byte{0x81, 0xFE, 0, 5}, codeProtocol},
		"length 5 in 64 bits":       {[]byte{0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5}, codeProtocol},
		"negative length":           {[]byte{0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0}, codeProtocol},
		"invalid UTF-8":             {clientFrame(true, frameText, []byte("4\xc3\x28")), codeInvalid},
		"UTF-8 cut by the end":      {join(clientFrame(false, frameText, []byte("4\xc3")), clientFrame(true, frameContinuation, nil)), codeInvalid},
		"declared too long":         {[]byte{0x81, 0xFE, 0x03, 0xE9, 1, 2, 3, 4}, codeTooBig},
		"declared absurdly long":    {[]byte{0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4}, codeTooBig},
		"accumulated too long":      {join(clientFrame(false, frameText, make([]byte, 600)), clientFrame(true, frameContinuation, make([]byte, 401))), codeTooBig},
		"too many fragments":        {join(clientFrame(false, frameText, nil), bytes.Repeat(clientFrame(false, frameContinuation, nil), 1024)), codePolicy},
	} {
		t.Run(name, func(t *testing.T) {
			stream := append(bytes.Clone(c.stream), make([]byte, 8)...)
			for _, size := range []int{1, len(stream)} {
				r := frameReader{max: 1000}
				var err error
				for at := 0; at < len(stream) && err == nil; at += size {
					err = r.feed(bytes.Clone(stream[at:min(at+size, len(stream))]), &frameLog{})
				}
				if frame, ok := errors.AsType[*frameError](err); !ok || frame.code != c.code {
					t.Errorf("pieces of %d: %v, want code %d", size, err, c.code)
				}
			}
		})
	}
}

func TestMostFragmentsAllowed(t *testing.T) {
	r, log := frameReader{max: 5000}, &frameLog{}
	stream := join(clientFrame(false, frameText, []byte("a")), bytes.Repeat(clientFrame(false, frameContinuation, []byte("b")), 1022), clientFrame(true, frameContinuation, []byte("c")))
	if err := r.feed(stream, log); err != nil || len(log.got) != 1 || len(log.got[0]) != 1025 {
		t.Errorf("%v, %d messages", err, len(log.got))
	}
}

func TestDeclaredLengthCostsNothingUntilItArrives(t *testing.T) {
	r := frameReader{max: 1 << 30}
	header := []byte{0x82, 0xFF, 0, 0, 0, 0, 0x3F, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4, 5}
	if err := r.feed(header, &frameLog{}); err != nil {
		t.Fatal(err)
	}
	if cap(r.msg) > 1024 {
		t.Errorf("%d bytes taken for 1 received", cap(r.msg))
	}
}

func TestCloseFrames(t *testing.T) {
	for payload, want := range map[string]uint16{
		"":                 codeNormal,
		"\x03\xe8":         1000,
		"\x03\xe8bye":      1000,
		"\x0f\xa0":         4000,
		"\x03":             0,
		"\x03\xe7":         0, // 999
		"\x03\xed":         0, // 1005
		"\x03\xee":         0, // 1006
		"\x04\x00":         0, // 1024
		"\x13\x88":         0, // 5000
		"\x03\xe8bad \xff": 0,
	} {
		code, err := parseClose([]byte(payload))
		if code != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d %v, want %d", payload, code, err, want)
		}
	}
}

func TestUnmaskInPieces(t *testing.T) {
	plain := []byte("The quick brown fox jumps over the lazy dog")
	mask := [4]byte{1, 2, 3, 4}
	for cut := range plain {
		b := bytes.Clone(plain)
		for i := range b {
			b[i] ^= mask[i%4]
		}
		unmask(b[:cut], mask, 0)
		unmask(b[cut:], mask, cut)
		if !bytes.Equal(b, plain) {
			t.Fatalf("cut at %d: %q", cut, b)
		}
	}
}

func FuzzFrameReader(f *testing.F) {
	f.Add(join(clientFrame(false, frameText, []byte("he")), clientFrame(true, frameContinuation, []byte("llo"))), 3)
	f.Add(clientFrame(true, frameBinary, make([]byte, 300)), 100)
	f.Add([]byte{0x81, 0xFE, 0x03}, 1)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 1 || size > 1<<16 {
			return
		}
		const most = 1000
		run := func(size int) (string, string) {
			r, log := frameReader{max: most}, &frameLog{}
			for at := 0; at < len(stream); at += size {
				if err := r.feed(bytes.Clone(stream[at:min(at+size, len(stream))]), log); err != nil {
					return strings.Join(log.got, "\n"), err.Error()
				}
				if len(r.msg) > most || len(r.ctl) > maxControlPayload {
					t.Fatal("limit passed")
				}
			}
			return strings.Join(log.got, "\n"), ""
		}
		whole, wholeErr := run(len(stream) + 1)
		pieces, piecesErr := run(size)
		if whole != pieces || wholeErr != piecesErr {
			t.Fatalf("whole %q %q, in pieces of %d %q %q", whole, wholeErr, size, pieces, piecesErr)
		}
	})
}
