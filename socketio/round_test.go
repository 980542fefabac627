package socketio

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// nowhere is a descriptor that takes everything at once.
type nowhere struct{ fd uintptr }

func (n nowhere) Control(f func(uintptr)) error    { f(n.fd); return nil }
func (n nowhere) Read(f func(uintptr) bool) error  { f(n.fd); return nil }
func (n nowhere) Write(f func(uintptr) bool) error { f(n.fd); return nil }

var benchPayload = json.RawMessage(`{"id":123456,"room":1,"user":"0123456789abcdef","text":"` + strings.Repeat("x", 90) + `"}`)

func BenchmarkEncode(b *testing.B) {
	n := newNamespace(new(Server), "/")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := n.Encode("message", benchPayload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	text := append(append([]byte(`2["message",`), benchPayload...), ']')
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		p, err := decodePacket(text, 10)
		if err != nil || len(p.values(nil)) != 1 {
			b.Fatal(err)
		}
	}
}

type discardSink struct{}

func (discardSink) frame(byte, []byte) error { return nil }

func BenchmarkFrameReader(b *testing.B) {
	stream := bytes.Repeat(clientFrame(true, frameText, benchPayload), 16)
	buf := make([]byte, len(stream))
	r := frameReader{max: 1 << 20}
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		copy(buf, stream)
		if err := r.feed(buf, discardSink{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRound is one shard's round: 16 messages to a room of 1000, to
// connections that take everything.
func BenchmarkRound(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close() //nolint:errcheck // written to by descriptor only
	srv, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Shutdown(b.Context(), 0) //nolint:errcheck // nobody is there
	n := srv.Namespace("/")
	sh := newShard(srv, 0) // ours alone: not running
	r := &room{members: make([][]*seat, 1)}
	for range 1000 {
		c := &session{srv: srv, shard: sh, known: true, link: &link{raw: nowhere{null.Fd()}}}
		sh.join(&seat{room: r, sess: c, index: -1})
	}
	p, err := n.Encode("message", benchPayload)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for range 16 {
			sh.cast(r, p)
		}
		sh.flushAll()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16000, "ns/delivery")
}
