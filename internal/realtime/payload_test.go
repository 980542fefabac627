package realtime

import (
	"testing"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/socketio"
)

// Every text is decoded or refused with a code that a client can act on.
func FuzzPayloads(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"token":"x","rooms":{"1":9},"epochs":{"1":"e"}}`, `{"roomId":1,"content":"hello","cid":"0f9d8c1e-3a4b-4c2d-8e9f-001122334455"}`,
		`{"roomId":1,"seq":5,"after":5,"epoch":"e"}`, `{"roomId":1e9}`, `{"rooms":{"1":1,"1":2}}`, `{"content":"\ud83d"}`, `{"media":[null]}`, `[`, `null`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, into := range []any{&authPayload{}, &roomPayload{}, &messagePayload{}, &readPayload{}, &syncPayload{}} {
			if err := decode(text, into); err != nil {
				if code := errs.CodeOf(err); code != errs.ValidationFailed && code != errs.MalformedJSON {
					t.Errorf("%q: %v", text, err)
				}
			}
		}
		if _, err := draftOf(text); err != nil {
			if code := errs.CodeOf(err); code != errs.ValidationFailed && code != errs.MalformedJSON {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

// Whatever arrives from another node is taken apart or refused, and what is taken is what was sent.
func FuzzBatches(f *testing.F) {
	server, err := socketio.New(socketio.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := server.Shutdown(f.Context(), 0); err != nil {
			f.Log(err)
		}
	})
	packets := server.Namespace("/")
	one, err := messageFrame(packets, &message.Message{Room: 1, Seq: 300, Rev: 300, Content: "one"})
	if err != nil {
		f.Fatal(err)
	}
	two, err := messageFrame(packets, &message.Message{Room: 1, Seq: 301, Rev: 301, Content: "two"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encodeBatch(1, []frame{one}))
	f.Add(encodeBatch(1<<53, []frame{one, two}))
	f.Add([]byte{1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, batch []byte) {
		id, frames, err := parseBatch(packets, batch)
		if err != nil {
			return
		}
		again := encodeBatch(id, frames)
		if sameID, same, err := parseBatch(packets, again); err != nil || sameID != id || len(same) != len(frames) || same[0].seq != frames[0].seq {
			t.Errorf("%q became %q: %v", batch, again, err)
		}
	})
}

func TestCountsAreRoundedDown(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{
		0: 0, 4: 0, 5: 5, 19: 5, 20: 20, 99: 20, 100: 100, 499: 100, 500: 500, 999: 500, 1000: 1000, 4999: 1000, 5000: 5000, 9999: 5000, 10_000: 10_000, 50_000: 50_000, 99_999: 50_000,
	} {
		if got := lowerBound(n); got != want {
			t.Errorf("%d is shown as %d, want %d", n, got, want)
		}
	}
}

func TestTheTailIsBoundedAndHasNoHole(t *testing.T) {
	t.Parallel()
	r := ring{most: ringFrames}
	last := int64(0)
	for range 3 * ringFrames {
		last++
		r.push(frame{seq: last, text: make([]byte, 100)})
	}
	if len(r.frames) != ringFrames {
		t.Errorf("it holds %d frames", len(r.frames))
	}
	if got, ok := r.after(last-ringFrames, last); !ok || len(got) != ringFrames || got[0].seq != last-ringFrames+1 {
		t.Errorf("the whole tail: %d frames, %v", len(got), ok)
	}
	for _, seq := range []int64{last - ringFrames - 1, last + 1, 0} {
		if _, ok := r.after(seq, last); ok {
			t.Errorf("it claims to reach back to %d", seq)
		}
	}
	if got, ok := r.after(last, last); !ok || len(got) != 0 {
		t.Errorf("after the last: %d frames, %v", len(got), ok)
	}
	for range 100 {
		last++
		r.push(frame{seq: last, text: make([]byte, 64<<10)})
	}
	if r.bytes > ringBytes || len(r.frames) != ringBytes/(64<<10) {
		t.Errorf("it holds %d frames of %d bytes", len(r.frames), r.bytes)
	}
}
