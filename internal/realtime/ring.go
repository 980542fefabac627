package realtime

// Limits of a room's tail ring. In a small room few come back at once, and there are many small rooms.
const (
	ringFrames      = 512
	smallRingFrames = 64
	ringBytes       = 1 << 20
)

// ring is a room's newest frames, without a hole, so that many who come back at once are served
// without asking the database.
type ring struct {
	frames []frame
	bytes  int
	most   int // frames
}

func (r *ring) push(f frame) {
	r.frames = append(r.frames, f)
	r.bytes += len(f.text)
	drop := 0
	for len(r.frames)-drop > r.most || r.bytes > ringBytes {
		r.bytes -= len(r.frames[drop].text)
		drop++
	}
	clear(r.frames[:drop]) // or the array would hold on to them
	r.frames = r.frames[drop:]
}

func (r *ring) clear() { *r = ring{most: r.most} }

// after returns the frames that follow seq, and whether the ring reaches back so far; last is the
// seq of the newest frame.
func (r *ring) after(seq, last int64) ([]frame, bool) {
	behind := last - seq
	if behind < 0 || behind > int64(len(r.frames)) {
		return nil, false
	}
	return r.frames[int64(len(r.frames))-behind:], true
}
