package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/internal/testkit"
	"maska/internal/testkit/testredis"
)

// A deploy closes the transport and never says disconnect (41), after which clients would stay away.
func TestADrainAnswersWhatIsUnderWayAndLetsClientsComeBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := testkit.Start(t, "DATA_DIR="+dir, "RATE_LIMITS=off")
	person := s.Enter(1)
	ws, _, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // a handshake has none
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow() //nolint:errcheck // the server closes it
	say := func(text string) {
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	say(`40{"token":"` + person.Access + `"}`)
	const messages = 200
	for n := range messages {
		say(fmt.Sprintf(`42%d["message",{"content":"message %d"}]`, n, n))
	}
	var stopped chan struct{}
	acked := 0
	for {
		_, frame, err := ws.Read(t.Context())
		if err != nil {
			if code := websocket.CloseStatus(err); code != websocket.StatusServiceRestart {
				t.Errorf("closed with %v (%v), want 1012", code, err)
			}
			break
		}
		text := string(frame)
		switch {
		case strings.HasPrefix(text, "41"):
			t.Error("the drain told the client to stay away")
		case strings.HasPrefix(text, "43"):
			if strings.Contains(text, `"error"`) {
				t.Errorf("refused: %s", text)
			}
			acked++
		}
		if acked == 10 && stopped == nil {
			stopped = make(chan struct{})
			go func() { s.Stop(); close(stopped) }()
		}
	}
	if stopped == nil {
		t.Fatal("the server was never stopped")
	}
	<-stopped
	again := testkit.Start(t, "DATA_DIR="+dir)
	var kept []struct {
		Seq     int64  `json:"seq"`
		Content string `json:"content"`
	}
	again.Do(http.MethodGet, "/rooms/1/messages?limit=200", "", person.Bearer()).Into(t, &kept)
	if len(kept) < acked || acked < 10 {
		t.Fatalf("%d acknowledged, %d kept", acked, len(kept))
	}
	for i, m := range kept {
		if m.Seq != int64(i+1) || m.Content != fmt.Sprintf("message %d", i) {
			t.Errorf("message %d is %+v", i, m)
		}
	}
}

// The contract's own figures (guarantee G8).
const (
	gapWithOthers = 2 * time.Second
	gapAlone      = 5 * time.Second
)

func TestNodesAreReplacedOneAfterAnotherUnderLoadAndNothingIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		nodes int
		gap   time.Duration
	}{"one node": {1, gapAlone}, "three nodes": {3, gapWithOthers}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const people, spread = 12, time.Second
			settings := []string{
				"DATABASE_URL=" + testkit.PostgresURL(t), "REDIS_URL=" + testredis.URL(t), "REDIS_PREFIX=" + testredis.Prefix(), "ROOT_KEY=" + strings.Repeat("5a", 32),
				"RATE_LIMITS=off", fmt.Sprint("DRAIN_SPREAD=", spread),
			}
			front := &balancer{}
			originals := make([]*testkit.Server, c.nodes)
			for i := range originals {
				originals[i] = testkit.Start(t, settings...)
				front.add(originals[i])
			}
			enough := make(chan struct{})
			var roaming sync.WaitGroup
			roamers := make([]*roamer, people)
			for i := range roamers {
				roamers[i] = &roamer{t: t, name: fmt.Sprintf("roamer %d", i), person: front.next().Enter(int64(100 + i)), before: front}
			}
			for _, r := range roamers {
				roaming.Go(func() { r.roam(enough) })
			}
			within(t, patience, "everybody talks", func() bool {
				return !slices.ContainsFunc(roamers, func(r *roamer) bool { return !r.talks.Load() })
			})
			for _, old := range originals {
				if c.nodes > 1 {
					front.remove(old) // a balancer stops asking who is not ready
				}
				began := time.Now()
				old.Stop()
				if took := time.Since(began); took > drainBound+slowMachine {
					t.Errorf("drained for %v", took)
				} else {
					t.Logf("drained in %v", took.Round(time.Millisecond))
				}
				front.remove(old)
				fresh := testkit.Start(t, settings...)
				front.add(fresh)
				said := head(t, fresh, roamers[0].person)
				within(t, patience, "messages go on", func() bool { return head(t, fresh, roamers[0].person) > said+people })
			}
			close(enough)
			roaming.Wait()
			checkRoamers(t, roamers, front.next(), c.gap, spread)
		})
	}
}
