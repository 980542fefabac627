package socketio

import (
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
)

// A process that makes more than it can write slows its makers down instead of
// filling its memory.
func TestProducersWaitForAnOverloadedShard(t *testing.T) {
	large := binaryPacket(make([]byte, 1<<20))
	for name, c := range map[string]struct {
		p    post
		most int
	}{
		"posts": {post{op: opTimer}, maxPosts},
		"bytes": {post{op: opSend, pkt: large}, maxPostBytes>>20 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sh := newShard(nil, 0) // not running
				posted := 0
				go func() {
					for range c.most + 10 {
						sh.post(c.p)
						posted++
					}
				}()
				synctest.Wait()
				if posted < c.most-1 || posted > c.most {
					t.Errorf("%d posts before the producer waits, want %d", posted, c.most)
				}
				sh.take()
				synctest.Wait()
				if posted != c.most+10 {
					t.Errorf("%d posts after the queue was taken", posted)
				}
			})
		})
	}
}

func TestTimersComeInOrder(t *testing.T) {
	var h timers
	sessions := make([]*session, 100)
	for i := range sessions {
		sessions[i] = &session{}
		h.add(sessions[i], int64(i*37%100))
	}
	for i := 0; i < 100; i += 3 {
		h.move(sessions[i], int64(i*53%200))
	}
	for i := 0; i < 100; i += 5 {
		h.remove(sessions[i])
	}
	var got []int64
	for len(h.heap) > 0 {
		got = append(got, h.heap[0].at)
		h.remove(h.heap[0].sess)
	}
	if len(got) != 80 || !slices.IsSorted(got) {
		t.Errorf("%d timers: %v", len(got), got)
	}
}

// A session can be drained, and even be over, before its WebSocket is open.
func TestSessionMayEndBeforeItBegins(t *testing.T) {
	for name, first := range map[string]func(s *Server, c *session){
		"drained": func(s *Server, c *session) { c.shard.post(post{op: opDrain, sess: c, at: s.now()}) },
		"killed":  func(_ *Server, c *session) { c.kill(shuttingDown) },
		"idle":    func(_ *Server, c *session) { c.setIdle(true) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(Config{})
			if err != nil {
				t.Fatal(err)
			}
			c, _ := s.newSession(httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), onWebSocket)
			first(s, c)
			ours, theirs := net.Pipe()
			c.shard.post(post{op: opOpen, sess: c, link: &link{conn: ours}})
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			if err := s.Shutdown(t.Context(), 0); err != nil {
				t.Error(err)
			}
			if st := s.Stats(); st.Polling != 0 || st.WebSocket != 0 {
				t.Errorf("%+v", st)
			}
			_ = theirs.Close()
			_ = ours.Close()
		})
	}
}
