package httpapi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"maska/internal/telegram"
	"maska/internal/testkit"
)

// secrets are what no answer to another person, no log and no error may hold.
func secrets(p *testkit.Person) []string {
	return []string{fmt.Sprint(p.User.ID), p.User.FirstName, p.User.LastName, p.User.Username, p.Access, p.Refresh, "hash=", testkit.BotToken}
}

func mustNotHold(t *testing.T, what, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds %q", what, secret)
		}
	}
}

func TestAuthAnswersAsTheContractSays(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	person := &testkit.Person{User: telegram.User{ID: 7_500_000_001, FirstName: "Ann"}}
	good := person.InitData()
	body := func(initData string) string { return `{"initData":"` + initData + `"}` }
	stale := telegram.SignInitData(testkit.BotToken, telegram.SignParams{User: person.User, AuthDate: time.Now().Add(-25 * time.Hour)})
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		code       string
	}{
		{"good", body(good), nil, 200, ""},
		{"good with charset", body(good), []string{"Content-Type: application/json; charset=utf-8"}, 200, ""},
		{"unknown members", `{"initData":"` + good + `","userId":1,"admin":true}`, nil, 200, ""},
		{"long deviceInfo is cut", `{"initData":"` + good + `","deviceInfo":"` + strings.Repeat("ж", 2000) + `"}`, nil, 200, ""},
		{"stale", body(stale), nil, 401, "init_data_expired"},
		{"forged", body(strings.Replace(good, "Ann", "Bob", 1)), nil, 401, "init_data_invalid"},
		{"truncated", body(good[:len(good)-1]), nil, 401, "init_data_invalid"},
		{"doubled", body(good + "&" + good), nil, 401, "init_data_invalid"},
		{"too long", body(strings.Repeat("a", 20_000)), nil, 401, "init_data_invalid"},
		{"absent", `{}`, nil, 400, "init_data_required"},
		{"null", `{"initData":null}`, nil, 400, "init_data_required"},
		{"empty", `{"initData":""}`, nil, 400, "init_data_required"},
		{"a number", `{"initData":1}`, nil, 400, "validation_failed"},
		{"an object", `{"initData":{}}`, nil, 400, "validation_failed"},
		{"deviceInfo of another type", `{"initData":"x","deviceInfo":[]}`, nil, 400, "validation_failed"},
		{"other case", `{"InitData":"` + good + `"}`, nil, 400, "init_data_required"},
		{"member twice", `{"initData":"x","initData":"` + good + `"}`, nil, 400, "malformed_json"},
		{"two values", `{"initData":"x"}{}`, nil, 400, "malformed_json"},
		{"cut off", `{"initData":"x"`, nil, 400, "malformed_json"},
		{"not UTF-8", "{\"initData\":\"\xff\"}", nil, 400, "malformed_json"},
		{"an array", `[]`, nil, 400, "validation_failed"},
		{"null body", `null`, nil, 400, "validation_failed"},
		{"a word", `hello`, nil, 400, "malformed_json"},
		{"binary", "\x00\x01\x02\xff\xfe", nil, 400, "malformed_json"},
		{"empty body", "", []string{"Content-Type: application/json"}, 400, "malformed_json"},
		{"deep", `{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, nil, 400, "malformed_json"},
		{"1 MB", body(strings.Repeat("a", 1<<20)), nil, 413, "payload_too_large"},
		{"a form", "initData=" + good, []string{"Content-Type: application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		{"no type", body(good), []string{"Content-Type: "}, 415, "unsupported_media_type"},
		{"text", body(good), []string{"Content-Type: text/plain"}, 415, "unsupported_media_type"},
		{"other charset", body(good), []string{"Content-Type: application/json; charset=latin1"}, 415, "unsupported_media_type"},
		{"compressed", body(good), []string{"Content-Encoding: gzip"}, 415, "unsupported_media_type"},
	} {
		for _, path := range []string{"/auth", "/api/auth/telegram/login"} {
			answer := s.Do(http.MethodPost, path, c.body, c.headers...)
			if answer.Status != c.status || answer.Code() != c.code {
				t.Errorf("%s, %s: %d %.200s, want %d %s", path, c.name, answer.Status, answer.Body, c.status, c.code)
			}
			if c.status != 200 {
				mustNotHold(t, c.name, string(answer.Body), []string{good})
			}
		}
	}
}

func TestARefusalHasTheOneBodyInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "PUBLIC_URL=https://maska.example.org")
	for lang, want := range map[string]string{
		"ru-RU,ru;q=0.9": "Не передан initData", "en": "initData required", "zh-CN": "initData不能为空", "": "initData不能为空", "fr": "initData不能为空",
	} {
		answer := s.Do(http.MethodPost, "/auth", "{}", "Accept-Language: "+lang)
		var p map[string]any
		answer.Into(t, &p)
		id := answer.Header.Get("X-Request-Id")
		for name, expected := range map[string]any{
			"type": "https://maska.example.org/problems/init_data_required", "title": "initData required", "status": 400.0, "detail": want, "instance": "/auth",
			"code": "init_data_required", "success": false, "statusCode": 400.0, "message": want, "error": "initData required", "requestId": id,
		} {
			if p[name] != expected {
				t.Errorf("%q: %s is %v, want %v", lang, name, p[name], expected)
			}
		}
		if len(p) != 11 || id == "" {
			t.Errorf("members %v, request id %q", p, id)
		}
		for name, expected := range map[string]string{
			"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		} {
			if got := answer.Header.Get(name); got != expected {
				t.Errorf("%s: %q", name, got)
			}
		}
		if answer.Header.Get("Content-Language") == "" {
			t.Error("no Content-Language")
		}
	}
}

func TestEveryRouteRefusesWhoeverMayNotCallIt(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	guest, person := "", s.Enter(1)
	other := s.Enter(2)
	gone := s.Enter(3)
	if answer := s.Do(http.MethodPost, "/api/auth/logout", "", gone.Bearer()); answer.Status != 200 {
		t.Fatalf("logout: %s", answer.Body)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		hold               []string
	}{
		{"GET", "/api/auth/profile", "", 200, []string{`"telegramLinked":true`, `"telegramId":null`, `"first_name":null`}},
		{"GET", "/api/me", "", 200, []string{`"nickname":"`, `"limits":{`, `"messageDays":30`}},
		{"POST", "/api/profile/new", "", 200, []string{`"profile":{"id":`}},
	} {
		for who, headers := range map[string][]string{
			"token_missing": {"X-Nobody: 1"}, "token_invalid": {"Authorization: Bearer nonsense"}, "session_revoked": {gone.Bearer()},
		} {
			answer := s.Do(c.method, c.path, c.body, headers...)
			if answer.Status != 401 || answer.Code() != who {
				t.Errorf("%s %s%s: %d %s, want %s", c.method, c.path, guest, answer.Status, answer.Body, who)
			}
		}
		answer := s.Do(c.method, c.path, c.body, person.Bearer())
		if answer.Status != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, answer.Status, answer.Body)
		}
		for _, text := range c.hold {
			if !strings.Contains(string(answer.Body), text) {
				t.Errorf("%s %s: %s, want %s in it", c.method, c.path, answer.Body, text)
			}
		}
		mustNotHold(t, c.path, string(answer.Body), append(secrets(other), secrets(person)...))
	}
}

func TestTheLinkedIdentityIsShownToItsOwnerOnly(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	person := s.Enter(1)
	answer := s.Do(http.MethodPost, "/api/auth/telegram/login", `{"initData":"`+person.InitData()+`","deviceInfo":"iPhone 14 Pro, iOS 16.0"}`)
	var set struct {
		Access    string         `json:"access_token"`
		Refresh   string         `json:"refresh_token"`
		Type      string         `json:"token_type"`
		ExpiresIn int            `json:"expires_in"`
		RefreshIn int            `json:"refresh_expires_in"`
		IsNew     bool           `json:"is_new_user"`
		User      map[string]any `json:"user"`
		Profile   map[string]any `json:"profile"`
	}
	answer.Into(t, &set)
	if answer.Status != 200 || set.Type != "Bearer" || set.ExpiresIn != 3600 || set.RefreshIn != 30*24*3600 || set.IsNew {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	for name, want := range map[string]any{"telegramId": float64(person.User.ID), "first_name": "Zinaida", "firstName": "Zinaida", "last_name": "Quetzal", "username": "zina_quetzal", "telegramLinked": true, "isActive": true, "language": "ru"} {
		if set.User[name] != want {
			t.Errorf("user.%s is %v, want %v", name, set.User[name], want)
		}
	}
	if len(set.User["shortId"].(string)) != 11 || set.User["id"] == set.User["telegramId"] { //nolint:forcetypeassert // a panic fails the test as well
		t.Errorf("user: %v", set.User)
	}
	again := s.Do(http.MethodPost, "/api/auth/refresh", `{"refresh_token":"`+set.Refresh+`"}`)
	if again.Status != 200 || !strings.Contains(string(again.Body), `"zina_quetzal"`) {
		t.Errorf("refresh: %d %s", again.Status, again.Body)
	}
	mustNotHold(t, "the log", s.Log(), append(secrets(person), set.Access, set.Refresh, "127.0.0.1"))
}

func TestRefreshAndLogoutRefuseCleanly(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	person := s.Enter(1)
	for body, want := range map[string]string{
		`{}`: "refresh_token_required", `{"refresh_token":""}`: "refresh_token_required", `{"refresh_token":null}`: "refresh_token_required",
		`{"refresh_token":"x"}`: "refresh_token_invalid", `{"refresh_token":7}`: "validation_failed", `{`: "malformed_json",
		`{"refresh_token":"` + person.Access + `"}`: "refresh_token_invalid",
	} {
		if answer := s.Do(http.MethodPost, "/api/auth/refresh", body); answer.Code() != want {
			t.Errorf("%s: %d %s, want %s", body, answer.Status, answer.Body, want)
		}
	}
	for _, header := range []string{"Authorization: Basic eDp5", "Authorization: Bearer", "Authorization: Bearer " + person.Refresh} {
		if answer := s.Do(http.MethodPost, "/api/auth/logout", "", header); answer.Code() != "token_invalid" {
			t.Errorf("%s: %d %s", header, answer.Status, answer.Body)
		}
	}
	if answer := s.Do(http.MethodPost, "/api/auth/logout", `{"refresh_token":"`+person.Refresh+`"}`, person.Bearer(), "Accept-Language: en"); string(answer.Body) != `{"success":true,"message":"Logged out"}` {
		t.Errorf("logout: %d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/auth/refresh", `{"refresh_token":"`+person.Refresh+`"}`); answer.Code() != "session_revoked" {
		t.Errorf("refresh after logout: %s", answer.Body)
	}
}

func TestUnknownRoutesAndWrongMethodsAreProblemsToo(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	for _, c := range []struct {
		method, path, code, allow string
		status                    int
	}{
		{"GET", "/api/nothing", "not_found", "", 404},
		{"GET", "/auth", "method_not_allowed", "POST", 405},
		{"GET", "/api/auth/refresh", "method_not_allowed", "POST", 405},
		{"POST", "/nothing", "method_not_allowed", "GET, HEAD", 405},
		{"PUT", "/api/me", "method_not_allowed", "DELETE, GET, HEAD", 405},
		{"GET", "/favicon.png", "not_found", "", 404},
		{"GET", "/assets/%2e%2e/csp.json", "not_found", "", 404},
		{"GET", "/csp.json", "not_found", "", 404},
		{"GET", "/dev.html", "not_found", "", 404},
		{"GET", "/.git/config", "not_found", "", 404},
		{"GET", "/metrics", "not_found", "", 404},
		{"GET", "/debug/pprof/", "not_found", "", 404},
		{"GET", "/avatar/1", "not_found", "", 404},
		{"GET", "/avatar/x.svg", "not_found", "", 404},
		{"GET", "/avatar/01.svg", "not_found", "", 404},
		{"GET", "/dev", "not_found", "", 404},
		{"GET", "/dev/people", "not_found", "", 404},
		{"POST", "/dev/launch", "method_not_allowed", "GET, HEAD", 405},
	} {
		answer := s.Do(c.method, c.path, "")
		if answer.Status != c.status || answer.Code() != c.code || answer.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %s Allow %q", c.method, c.path, answer.Status, answer.Body, answer.Header.Get("Allow"))
		}
	}
	if answer := s.Do(http.MethodGet, "/mask", ""); answer.Status != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		t.Errorf("a screen of the app: %d", answer.Status)
	}
}

func TestASlowBodyEndsItsConnection(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the server closes it
	if _, err := conn.Write([]byte("POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // until the server ends it
	if err != nil || !strings.Contains(string(answer), "malformed_json") {
		t.Errorf("%v %s", err, answer)
	}
}

func TestOnlyListedOriginsMayCallFromABrowser(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "CORS_ORIGINS=https://app.example.org, http://localhost:8080")
	for origin, allowed := range map[string]bool{
		"https://app.example.org": true, "http://localhost:8080": true, "https://app.example.org.evil.example": false, "https://evil.example": false, "null": false,
		"http://app.example.org": false,
	} {
		preflight := s.Do(http.MethodOptions, "/auth", "", "Origin: "+origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
		plain := s.Do(http.MethodPost, "/auth", "{}", "Origin: "+origin)
		for _, answer := range []testkit.Answer{preflight, plain} {
			want := ""
			if allowed {
				want = origin
			}
			if got := answer.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s: allowed origin %q, want %q", origin, got, want)
			}
			if answer.Header.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(strings.Join(answer.Header.Values("Vary"), ","), "Origin") {
				t.Errorf("%s: %v", origin, answer.Header)
			}
		}
	}
}

func TestDevModeOpensTheRealPathAndOnlyToThisMachine(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "TELEGRAM_BOT_TOKEN=", "HOST=")
	launch := s.Do(http.MethodPost, "/dev/launch", `{"person":2,"theme":"dark","startParam":"r_1"}`)
	if launch.Status != 200 || !strings.Contains(string(launch.Body), `"/?tgWebAppStartParam=r_1#tgWebAppData=`) {
		t.Fatalf("%d %s", launch.Status, launch.Body)
	}
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Host: evil.example"}, 403},
		{[]string{"Host: 192.168.1.5:3000"}, 403},
		{[]string{"Origin: https://evil.example"}, 403},
		{[]string{"Origin: null"}, 403},
		{[]string{"Origin: http://localhost:5173"}, 200},
		{[]string{"Host: localhost:3000"}, 200},
		{[]string{"Host: [::1]:3000"}, 200},
	} {
		answer := s.Do(http.MethodPost, "/dev/launch", `{"person":1,"theme":"light"}`, c.headers...)
		if answer.Status != c.status {
			t.Errorf("%v: %d %s", c.headers, answer.Status, answer.Body)
		}
	}
	for body, want := range map[string]string{`{"person":0,"theme":"light"}`: "validation_failed", `{"person":1,"theme":"pink"}`: "validation_failed", `{"person":1e3}`: "validation_failed"} {
		if answer := s.Do(http.MethodPost, "/dev/launch", body); answer.Code() != want {
			t.Errorf("%s: %s", body, answer.Body)
		}
	}
	if answer := s.Do(http.MethodGet, "/dev", ""); answer.Status != 200 {
		t.Errorf("/dev: %d", answer.Status)
	}
}

func TestPagesCarryThePolicyAndAssetsAreCompressed(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "TELEGRAM_BOT_USERNAME=@maska_bot")
	page := s.Do(http.MethodGet, "/some/screen?x=1", "", "Accept-Encoding: identity")
	policy := page.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'self' https://web.telegram.org", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "script-src 'self' 'unsafe-inline'") || page.Header.Get("X-Frame-Options") != "" {
		t.Errorf("policy %s", policy)
	}
	for _, bot := range []string{`<meta name="maska-bot" content="maska_bot">`, `<meta name="maska-bot-id" content="700000001">`} {
		if !strings.Contains(string(page.Body), bot) {
			t.Errorf("the page lacks %s", bot)
		}
	}
	if page.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("page: %s", page.Header)
	}
	_, script, _ := strings.Cut(string(page.Body), `src="/assets/`)
	script, _, _ = strings.Cut(script, `"`)
	if packed := s.Do(http.MethodGet, "/", "", "Accept-Encoding: gzip"); packed.Header.Get("Content-Encoding") != "gzip" || len(packed.Body) > len(page.Body)/2 {
		t.Errorf("the page is %d bytes, packed %d", len(page.Body), len(packed.Body))
	}
	for encoding, want := range map[string]string{"br, gzip": "br", "gzip": "gzip", "identity": "", "br;q=0": ""} {
		answer := s.Do(http.MethodGet, "/assets/"+script, "", "Accept-Encoding: "+encoding)
		if answer.Status != 200 || answer.Header.Get("Content-Encoding") != want || !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s as %s: %d %v", script, encoding, answer.Status, answer.Header)
		}
	}
}

func TestAMaskHasAPictureAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	person := s.Enter(1)
	own := s.Do(http.MethodGet, fmt.Sprintf("/avatar/%d.svg", person.Mask), "")
	nobody := s.Do(http.MethodGet, "/avatar/123456.svg", "")
	if own.Status != 200 || nobody.Status != 200 || own.Header.Get("Content-Type") != "image/svg+xml" || string(own.Body) == string(nobody.Body) {
		t.Errorf("%d %d %v", own.Status, nobody.Status, own.Header)
	}
	if own.Header.Get("Cache-Control") != "public, max-age=86400" || own.Header.Get("Content-Security-Policy") != "default-src 'none'" {
		t.Errorf("%v", own.Header)
	}
}

// The web client's types are made from this file; it is rewritten with UPDATE=1.
func TestTheKeptAPIDocumentIsTheServersOwn(t *testing.T) {
	t.Parallel()
	const kept = "../../web/openapi.json"
	s := testkit.Start(t)
	document := append(s.Do(http.MethodGet, "/api/openapi.json", "").Body, '\n')
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(kept, document, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(document) {
		t.Error("web/openapi.json is stale; run: UPDATE=1 go test ./internal/httpapi -run KeptAPIDocument && npm --prefix web run types")
	}
}
