package testkit

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"maska/internal/app"
	"maska/internal/config"
	"maska/internal/telegram"
)

// BotToken is that of the bot of servers under test.
const BotToken = "700000001:made-up-for-tests"

// Server is a running server of the real kind, on a port of its own.
type Server struct {
	URL        string
	MetricsURL string // empty unless METRICS_ADDR is set
	DataDir    string
	Greeting   string // what the operator reads at start
	t          testing.TB
	log        *lockedBuffer
	stop       func()
}

// Start runs a server with a bot token, an empty data folder and the given settings ("NAME=value")
// until the test ends. Its hashes of passwords cost nothing.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	return start(t, true, settings)
}

// StartDear is Start with hashes that cost what they cost in the product.
func StartDear(t testing.TB, settings ...string) *Server {
	t.Helper()
	return start(t, false, settings)
}

func start(t testing.TB, cheap bool, settings []string) *Server {
	t.Helper()
	s := &Server{DataDir: t.TempDir(), t: t, log: new(lockedBuffer)}
	environ := append([]string{"HOST=127.0.0.1", "PORT=0", "DATA_DIR=" + s.DataDir, "TELEGRAM_BOT_TOKEN=" + BotToken, "LOG_LEVEL=debug", "DRAIN_SPREAD=100ms"}, settings...)
	cfg, err := config.Load(environ, filepath.Join(s.DataDir, "no.env"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.CheapPasswords = cheap
	a, err := app.New(t.Context(), cfg, "test", slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: cfg.Level})))
	if err != nil {
		t.Fatal(err)
	}
	s.URL, s.MetricsURL, s.Greeting = a.URL(), a.MetricsURL(), a.Greeting()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// Stop drains the server, as SIGTERM does.
func (s *Server) Stop() { s.stop() }

// Log is everything that the server has logged.
func (s *Server) Log() string { return s.log.String() }

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request. Headers are "Name: value" lines; a body is sent as JSON unless they say otherwise.
func (s *Server) Do(method, path, body string, headers ...string) Answer {
	s.t.Helper()
	return s.do(method, s.URL+path, body, headers)
}

// Get asks for an address outside of the API.
func (s *Server) Get(url string) Answer {
	s.t.Helper()
	return s.do(http.MethodGet, url, "", nil)
}

func (s *Server) do(method, url, body string, headers []string) Answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case value == "":
			r.Header.Del(name)
		case name == "Host":
			r.Host = value
		default:
			r.Header.Set(name, value)
		}
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil {
		err = answer.Body.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: text}
}

// Into decodes the body.
func (a Answer) Into(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
}

// Code is the code of a refusal.
func (a Answer) Code() string {
	var p struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(a.Body, &p) != nil {
		return ""
	}
	return p.Code
}

// Person is somebody with a Telegram account.
type Person struct {
	User telegram.User
	// Access, Refresh and Mask are set by Enter.
	Access, Refresh string
	Mask            int64
	Nickname        string
}

// InitData is what Telegram hands to the page for this person now.
func (p *Person) InitData() string {
	return telegram.SignInitData(BotToken, telegram.SignParams{User: p.User, AuthDate: time.Now()})
}

// Enter signs a person in by POST /auth. Names and ids are such that a search for them finds nothing else.
func (s *Server) Enter(id int64) *Person {
	s.t.Helper()
	p := &Person{User: telegram.User{ID: 7_400_000_000 + id, FirstName: "Zinaida", LastName: "Quetzal", Username: "zina_quetzal", LanguageCode: "ru"}}
	s.SignIn(p)
	return p
}

// SignIn signs the person in once more.
func (s *Server) SignIn(p *Person) {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"initData": p.InitData()})
	if err != nil {
		s.t.Fatal(err)
	}
	answer := s.Do(http.MethodPost, "/auth", string(body), "Accept-Language: en")
	if answer.Status != http.StatusOK {
		s.t.Fatalf("POST /auth: %d %s", answer.Status, answer.Body)
	}
	var got struct {
		Token   string `json:"token"`
		Refresh string `json:"refresh_token"`
		User    struct {
			ID   int64  `json:"id"`
			Name string `json:"anon_name"`
		} `json:"user"`
	}
	answer.Into(s.t, &got)
	p.Access, p.Refresh, p.Mask, p.Nickname = got.Token, got.Refresh, got.User.ID, got.User.Name
}

// Bearer is the header that a person sends.
func (p *Person) Bearer() string { return "Authorization: Bearer " + p.Access }

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
