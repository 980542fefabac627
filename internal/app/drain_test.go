package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"maska/internal/testkit"
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
