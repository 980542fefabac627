package httpapi_test

import (
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"maska/internal/httpapi"
	"maska/internal/testkit"
)

var (
	// hostileTexts are escaped for paths and queries.
	hostileTexts = []string{
		"%00", "a%00b", "%ff", "%ed%a0%80", "%c0%af", "-1", "0", "-9223372036854775808", "9223372036854775807", "99999999999999999999",
		"9223372036854775807_9223372036854775807", "1e3", "1.5", "true", "%20", "%25", "%27%20OR%201=1--", "%5c", "%E2%80%AE", "tg:%00", "@%00", "@%ff", "a%00@b.c", "user_%00aaaaaaaaaa",
		strings.Repeat("9", 5000), strings.Repeat("%00", 1000), strings.Repeat("%F0%9F%98%80", 500),
	}
	// hostileMembers are JSON.
	hostileMembers = []string{
		`"\u0000"`, `"a\u0000b"`, `"\ud800"`, "\"\xff\"", `"user_\u0000aaaaaaaaaa"`, `"a\u0000@b.example"`, `""`, `" "`, `"-1"`, `"x"`, `-1`, `0`, `1.5`, `1e400`,
		`-9223372036854775808`, `9223372036854775807`, `99999999999999999999`, `true`, `null`, `[]`, `["\u0000"]`, `[{}]`, `{}`, `{"\u0000":"\u0000"}`,
		`"` + strings.Repeat("a", 60_000) + `"`, `"` + strings.Repeat(`\u0000`, 5000) + `"`, `"` + strings.Repeat("9", 5000) + `"`, strings.Repeat("[", 5000),
	}
	pathParameter = regexp.MustCompile(`\{[^}]+\}`)
)

// fitting is JSON of a type that a handler can work with.
func fitting(member string, t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	known := map[string]string{
		"email": `"ann@example.org"`, "newEmail": `"ann@example.org"`, "username": `"user_aaaaaaaaaaa"`, "kind": `"totp"`, "factor": `"totp"`, "roles": `["user"]`, "phone": `"+4915112345678"`,
	}
	switch {
	case known[member] != "":
		return known[member]
	case t.Kind() == reflect.String:
		return `"correct horse battery"`
	case t.Kind() == reflect.Bool:
		return `true`
	case t.Kind() == reflect.Slice:
		return `[]`
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Map:
		return `{}`
	}
	return `1`
}

// hostileRequests are those of one route: address and body.
func hostileRequests(r httpapi.Route) (all [][2]string) {
	plain, body := pathParameter.ReplaceAllString(r.Path, "1"), ""
	object := func(with map[string]string) string {
		parts := []string{}
		for name, t := range r.Members {
			value, given := with[name]
			if !given {
				value = fitting(name, t)
			}
			parts = append(parts, `"`+name+`":`+value)
		}
		slices.Sort(parts)
		return `{` + strings.Join(parts, ",") + `}`
	}
	if r.Method != http.MethodGet && len(r.Members) > 0 {
		body = object(nil)
	}
	places := pathParameter.FindAllStringIndex(r.Path, -1)
	for _, text := range hostileTexts {
		for _, place := range places {
			before, after := pathParameter.ReplaceAllString(r.Path[:place[0]], "1"), pathParameter.ReplaceAllString(r.Path[place[1]:], "1")
			all = append(all, [2]string{before + text + after, body})
		}
		for _, query := range r.Queries {
			all = append(all, [2]string{plain + "?" + query + "=" + text, body})
		}
		all = append(all, [2]string{plain + "?" + text + "=" + text, body})
	}
	if body == "" {
		return all
	}
	for _, value := range hostileMembers {
		every := map[string]string{}
		for name := range r.Members {
			all = append(all, [2]string{plain, object(map[string]string{name: value})}, [2]string{plain, `{"` + name + `":` + value + `}`})
			every[name] = value
		}
		all = append(all, [2]string{plain, object(every)}, [2]string{plain, value})
	}
	return append(all, [2]string{plain, body}, [2]string{plain, `{`}, [2]string{plain, `{}{}`}, [2]string{plain, "\x00"}, [2]string{plain, strings.Repeat("{", 100_000)})
}

// Nothing that a caller can send makes the server fail; what cannot be is refused, and no line about an
// error is written.
func TestHostileInputIsRefusedOnEveryRoute(t *testing.T) {
	t.Parallel()
	issuer := testkit.StartIssuer(t, "client", "secret")
	s := testkit.Start(t, "DATABASE_URL="+testkit.PostgresURL(t), "RATE_LIMITS=off", "PUBLIC_URL=https://maska.example.org",
		"OIDC_ISSUERS=1="+strings.Replace(issuer.URL, "//", "//client:secret@", 1), "TELEGRAM_OIDC_ISSUER="+issuer.URL)
	boss := s.Enter(1)
	if answer := s.Do(http.MethodPost, "/api/admin/claim", `{"code":"`+adminCode(t, s)+`"}`, boss.Bearer()); answer.Status != http.StatusOK {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	routes := httpapi.Routes()
	leaving := func(r httpapi.Route) bool {
		return r.Method == http.MethodDelete && (r.Path == "/api/user" || r.Path == "/api/me")
	}
	slices.SortStableFunc(routes, func(a, b httpapi.Route) int { // who left is no admin
		switch {
		case leaving(a) == leaving(b):
			return 0
		case leaving(a):
			return 1
		}
		return -1
	})
	for _, path := range []string{"/api/nope", "/avatar/", "/assets/", "/api/auth/oidc/", "/problems/", "/"} {
		routes = append(routes, httpapi.Route{Method: http.MethodGet, Path: path + "{x}"}, httpapi.Route{Method: http.MethodPost, Path: path + "{x}"})
	}
	text := reflect.TypeFor[string]()
	routes = append(routes, httpapi.Route{Method: http.MethodPost, Path: "/api/auth/login", Members: map[string]reflect.Type{"username": text, "password": text}})
	routes = append(routes, httpapi.Route{Method: http.MethodGet, Path: "/api/auth/oidc/{issuer}/callback", Queries: []string{"code", "state", "error"}})
	for _, route := range routes {
		t.Run(route.Method+strings.ReplaceAll(route.Path, "/", "."), func(t *testing.T) {
			s.SignIn(boss)
			for _, request := range hostileRequests(route) {
				refuseHostile(t, s, boss, route.Method, request[0], request[1])
			}
		})
	}
	for line := range strings.Lines(s.Log()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			t.Error(line)
		}
	}
}

func refuseHostile(t *testing.T, s *testkit.Server, boss *testkit.Person, method, address, body string) {
	t.Helper()
	answer := s.Do(method, address, body, boss.Bearer(), "X-Device-Id: 1")
	if answer.Status == http.StatusUnauthorized {
		s.SignIn(boss) // that was the end of the session
		answer = s.Do(method, address, body, boss.Bearer())
	}
	if answer.Status >= http.StatusInternalServerError {
		t.Errorf("%s %.200s %.200s: %d %s", method, address, body, answer.Status, answer.Body)
	}
	escaped, _, _ := strings.Cut(address, "?")
	path, err := url.PathUnescape(escaped)
	if err != nil {
		t.Fatal(err)
	}
	// The app's screens and what an issuer sends browsers back to answer any name.
	if strings.HasPrefix(path, "/api/") && (method != http.MethodGet || !strings.HasSuffix(path, "/callback")) &&
		(!utf8.ValidString(path) || strings.ContainsRune(path, 0)) && (answer.Status < 400 || answer.Code() == "") {
		t.Errorf("%s %.200s: %d %s", method, address, answer.Status, answer.Body)
	}
}
