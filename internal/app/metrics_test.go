package app_test

import (
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"maska/internal/testkit"
	"maska/internal/testkit/testredis"
)

// scrape reads what Prometheus would.
func scrape(t *testing.T, s *testkit.Server) string {
	t.Helper()
	answer := s.Get(s.MetricsURL)
	if answer.Status != http.StatusOK {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	return string(answer.Body)
}

// value finds a sample, 0 if there is none.
func value(t *testing.T, exposition, sample string) float64 {
	t.Helper()
	for line := range strings.Lines(exposition) {
		if text, found := strings.CutPrefix(line, sample+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// dial opens a socket and signs it in.
func dial(t *testing.T, s *testkit.Server, token string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // a handshake has none
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	say(t, ws, `40{"token":"`+token+`"}`)
	await(t, ws, `42["presence"`)
	return ws
}

func say(t *testing.T, ws *websocket.Conn, text string) {
	t.Helper()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// await reads until a packet begins so.
func await(t *testing.T, ws *websocket.Conn, start string) {
	t.Helper()
	awaitText(t, ws, start)
}

// awaitText returns it.
func awaitText(t *testing.T, ws *websocket.Conn, start string) string {
	t.Helper()
	for {
		_, frame, err := ws.Read(t.Context())
		if err != nil {
			t.Fatalf("%s did not come: %v", start, err)
		}
		if strings.HasPrefix(string(frame), start) {
			return string(frame)
		}
	}
}

// TestMetricsNameNobodyAndCountEverything drives everything that a person can do, and then reads the
// metrics as somebody would who wants to find him there.
func TestMetricsNameNobodyAndCountEverything(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "METRICS_ADDR=127.0.0.1:0", "TRUSTED_PROXIES=127.0.0.1", "DATABASE_URL="+testkit.PostgresURL(t), "REDIS_URL="+testredis.URL(t))
	const address, agent = "198.51.100.77", "Quetzalcoatl/1.0"
	headers := []string{"X-Forwarded-For: " + address, "User-Agent: " + agent}
	zina, other := s.Enter(1), s.Enter(2)
	var opened struct {
		ID int64 `json:"id"`
	}
	call := func(method, path, body string, who *testkit.Person) testkit.Answer {
		return s.Do(method, path, body, append([]string{who.Bearer()}, headers...)...)
	}
	call(http.MethodPost, "/api/rooms", `{"title":"Xylophone","capacity":2,"visibility":"public"}`, zina).Into(t, &opened)
	room := strconv.FormatInt(opened.ID, 10)
	call(http.MethodPost, "/api/rooms/"+room+"/join", "", other)
	call(http.MethodGet, "/api/rooms/"+room, "", other)
	call(http.MethodGet, "/api/rooms/12345678/messages", "", other) // not there
	call(http.MethodGet, "/whatever/"+room, "", other)
	call(http.MethodDelete, "/api/me/"+zina.Access, "", other)
	ws := dial(t, s, zina.Access)
	const cid = "0f8fad5b-d9cb-469f-a165-70867728950e"
	say(t, ws, `420["message",{"roomId":1,"content":"Rumpelstiltskin","cid":"`+cid+`"}]`)
	await(t, ws, `42["message"`)
	await(t, ws, "430")
	say(t, ws, `421["message",{"roomId":1,"content":"something else","cid":"`+cid+`"}]`)
	await(t, ws, "431")
	say(t, ws, `422["Wolpertinger",{"roomId":`+room+`}]`)
	await(t, ws, "432")

	got := scrape(t, s)
	for _, secret := range []string{
		strconv.FormatInt(zina.User.ID, 10), strconv.FormatInt(zina.Mask, 10), strconv.FormatInt(other.Mask, 10), zina.Nickname, other.Nickname,
		zina.User.FirstName, zina.User.Username, zina.Access, zina.Refresh, zina.Access[:20], testkit.BotToken,
		address, agent, "127.0.0.1", room, "12345678", cid, "Rumpelstiltskin", "Xylophone", "Wolpertinger", "whatever", s.DataDir, "postgres://", "redis://",
	} {
		if strings.Contains(got, secret) {
			t.Errorf("the metrics hold %q", secret)
		}
	}
	for sample, want := range map[string]float64{
		`maska_build_info{go="` + runtime.Version() + `",version="test"}`:                     1,
		`maska_connections{transport="websocket"}`:                                            1,
		`maska_connections{transport="polling"}`:                                              0,
		`maska_sockets`:                                                                       1,
		`maska_socket_sign_ins_total`:                                                         1,
		`maska_messages_stored_total`:                                                         1,
		`maska_messages_refused_total{code="cid_conflict"}`:                                   1,
		`maska_events_refused_total{code="unknown_event"}`:                                    1,
		`maska_append_batch_size_count`:                                                       2,
		`maska_ack_seconds_count`:                                                             1,
		`maska_http_request_seconds_count{route="GET /api/rooms/{id}",status="2xx"}`:          1,
		`maska_http_request_seconds_count{route="POST /auth",status="2xx"}`:                   2,
		`maska_http_request_seconds_count{route="POST /api/rooms/{id}/join",status="2xx"}`:    1,
		`maska_http_request_seconds_count{route="GET /api/rooms/{id}/messages",status="4xx"}`: 1,
		`maska_backend_up{backend="database"}`:                                                1,
		`maska_backend_up{backend="redis"}`:                                                   1,
		`maska_ready`:                                                                         1,
		`maska_draining`:                                                                      0,
		`maska_bus_up`:                                                                        1,
	} {
		if n := value(t, got, sample); n != want {
			t.Errorf("%s is %g, want %g", sample, n, want)
		}
	}
	for _, sample := range []string{"maska_deliveries_total", "maska_delivery_seconds_count", "maska_packets_sent_total", "maska_socket_writes_total", "maska_database_connections", "go_goroutines", "process_open_fds", "process_resident_memory_bytes"} {
		if value(t, got, sample) == 0 {
			t.Errorf("%s is 0", sample)
		}
	}
	if public := s.Do(http.MethodGet, "/metrics", ""); strings.Contains(string(public.Body), "maska_connections") {
		t.Error("the public listener shows the metrics")
	}
	checkUse(t, got)
}

// checkUse compares what the dashboard and the alerts ask for with what there is.
func checkUse(t *testing.T, exposition string) {
	t.Helper()
	names := regexp.MustCompile(`\b(?:maska|go|process)_[a-z0-9_]+`)
	known := map[string]bool{}
	for line := range strings.Lines(exposition) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[1] == "TYPE" {
			known[fields[2]] = true
			if fields[3] == "histogram" {
				known[fields[2]+"_bucket"], known[fields[2]+"_sum"], known[fields[2]+"_count"] = true, true, true
			}
		}
	}
	// These exist from the first of their kind on.
	for _, late := range []string{"maska_connections_closed_total"} {
		known[late] = true
	}
	var asked []string
	for _, file := range []string{"../../deploy/grafana-dashboard.json", "../../deploy/alerts.yml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, names.FindAllString(string(text), -1)...)
	}
	slices.Sort(asked)
	for _, name := range slices.Compact(asked) {
		if !known[name] {
			t.Errorf("nothing is called %s", name)
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "maska_") && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") && !strings.HasSuffix(name, "_bucket") &&
			!slices.Contains(asked, name) && !slices.Contains(asked, name+"_bucket") && !slices.Contains(asked, name+"_sum") && !slices.Contains(asked, name+"_count") {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

func TestMetricsAreServedDuringADrain(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "METRICS_ADDR=127.0.0.1:0", "DRAIN_SPREAD=2s")
	person := s.Enter(1)
	dial(t, s, person.Access)
	last := dial(t, s, person.Access) // the first goes at once, this one after half of the spread
	stopped := make(chan struct{})
	go func() {
		s.Stop()
		close(stopped)
	}()
	within(t, drainBound, "draining, and said so", func() bool {
		text := scrape(t, s)
		return value(t, text, "maska_draining") == 1 && value(t, text, "maska_ready") == 0
	})
	if code := websocket.CloseStatus(untilClosed(t, last)); code != websocket.StatusServiceRestart {
		t.Errorf("closed with %v", code)
	}
	<-stopped
}

// untilClosed reads until the server ends the connection.
func untilClosed(t *testing.T, ws *websocket.Conn) error {
	t.Helper()
	for {
		if _, _, err := ws.Read(t.Context()); err != nil {
			return err
		}
	}
}

// The dashboard can be imported: it asks for a data source and binds every panel to it.
func TestTheDashboardAsksForItsDataSource(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	type source struct {
		Type string `json:"type"`
		UID  string `json:"uid"`
	}
	var d struct {
		Title      string `json:"title"`
		Templating struct {
			List []struct {
				Name  string `json:"name"`
				Type  string `json:"type"`
				Query any    `json:"query"` // text, or an object
			} `json:"list"`
		} `json:"templating"`
		Panels []struct {
			ID         int     `json:"id"`
			Type       string  `json:"type"`
			Title      string  `json:"title"`
			Datasource *source `json:"datasource"`
			GridPos    struct {
				H, W, X, Y int
			} `json:"gridPos"`
			Targets []struct {
				Expr       string `json:"expr"`
				RefID      string `json:"refId"`
				Datasource source `json:"datasource"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(text, &d, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	if len(d.Templating.List) == 0 || d.Templating.List[0].Name != "datasource" || d.Templating.List[0].Type != "datasource" || d.Templating.List[0].Query != "prometheus" {
		t.Errorf("no variable for the data source: %+v", d.Templating)
	}
	ids, rows := map[int]bool{}, []string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		if p.Datasource == nil || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%s is not bound to the data source", p.Title)
		}
		for _, target := range p.Targets {
			if target.Expr == "" || target.RefID == "" || target.Datasource.UID != "${datasource}" {
				t.Errorf("%s: %+v", p.Title, target)
			}
		}
	}
	if want := []string{"Health", "Connections", "Messages and latency", "Delivery", "Database", "Bus", "HTTP", "Go"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
}
