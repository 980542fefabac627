// Package bench measures the built server from outside: how fast it starts and answers, and what a
// socket costs. It holds nothing but benchmarks; make bench runs them.
package bench_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/internal/telegram"
	"maska/internal/testkit"
)

// binary builds the server once for all benchmarks of this process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "maska-bench-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "maska")
	out, err := exec.Command("go", "build", "-o", path, "maska/cmd/maska").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

type process struct {
	url     string
	cmd     *exec.Cmd
	started time.Duration // from exec to the first answer
}

// start runs the server and waits until it answers.
func start(b *testing.B, settings ...string) *process {
	b.Helper()
	path, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(b.Context(), path)}
	p.cmd.Env = append(os.Environ(), append([]string{
		"HOST=127.0.0.1", "PORT=0", "DATA_DIR=" + b.TempDir(), "TELEGRAM_BOT_TOKEN=" + testkit.BotToken, "RATE_LIMITS=off", "LOG_LEVEL=error", "GOMAXPROCS=1",
	}, settings...)...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // it was killed
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal("the server said nothing: ", err)
	}
	p.url = "http://" + strings.TrimSpace(strings.TrimPrefix(line, "Maska listens on "))
	p.post(b, http.MethodGet, "/health", nil)
	p.started = time.Since(began)
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return p
}

func (p *process) post(b *testing.B, method, path string, body any) []byte {
	b.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.Context(), method, p.url+path, strings.NewReader(string(text)))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	got, err := io.ReadAll(answer.Body)
	if err = errorsOf(err, answer.Body.Close()); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, got, err)
	}
	return got
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// token signs somebody in.
func (p *process) token(b *testing.B, id int64) string {
	b.Helper()
	initData := telegram.SignInitData(testkit.BotToken, telegram.SignParams{User: telegram.User{ID: id, FirstName: "A"}, AuthDate: time.Now()})
	var got struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(p.post(b, http.MethodPost, "/auth", map[string]string{"initData": initData}), &got); err != nil {
		b.Fatal(err)
	}
	return got.Token
}

// connect opens a socket and waits until it has joined the global room.
func (p *process) connect(ctx context.Context, token string) (*websocket.Conn, error) {
	ws, _, err := websocket.Dial(ctx, strings.Replace(p.url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // a handshake has none
	if err != nil {
		return nil, err
	}
	if err := ws.Write(ctx, websocket.MessageText, []byte(`40{"token":"`+token+`"}`)); err != nil {
		return nil, err
	}
	_, err = await(ctx, ws, `42["joined"`)
	return ws, err
}

// await reads until a frame begins so, and answers pings meanwhile.
func await(ctx context.Context, ws *websocket.Conn, prefix string) (string, error) {
	for {
		_, frame, err := ws.Read(ctx)
		if err != nil {
			return "", err
		}
		text := string(frame)
		switch {
		case text == "2":
			if err := ws.Write(ctx, websocket.MessageText, []byte("3")); err != nil {
				return "", err
			}
		case strings.HasPrefix(text, prefix):
			return text, nil
		}
	}
}

// resident is the memory of the process in kB.
func (p *process) resident(b *testing.B) int {
	b.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return kb
}
