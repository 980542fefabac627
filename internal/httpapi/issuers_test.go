package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"maska/internal/testkit"
)

type issuedSet struct {
	Access string `json:"access_token"`
	IsNew  bool   `json:"is_new_user"`
	User   struct {
		ID             int64  `json:"id"`
		TelegramLinked bool   `json:"telegramLinked"`
		TelegramID     *int64 `json:"telegramId"`
	} `json:"user"`
}

type started struct {
	URL  string `json:"url"`
	Flow string `json:"flow"`
}

func startIssuer(t *testing.T, s *testkit.Server) (got started) {
	t.Helper()
	answer := s.Do(http.MethodPost, "/api/auth/oidc/corp/start", "")
	answer.Into(t, &got)
	if answer.Status != 200 || got.Flow == "" {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	return got
}

func finishIssuer(t *testing.T, s *testkit.Server, flow, state, code string) testkit.Answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"flow": flow, "state": state, "code": code})
	if err != nil {
		t.Fatal(err)
	}
	return s.Do(http.MethodPost, "/api/auth/oidc/corp/callback", string(body))
}

func withIssuer(t *testing.T) (*testkit.Server, *testkit.Issuer) {
	t.Helper()
	issuer := testkit.StartIssuer(t, "client", "s:cr/t")
	address := strings.Replace(issuer.URL, "http://", "http://client:s%3Acr%2Ft@", 1)
	return testkit.Start(t, "PUBLIC_URL=https://maska.example.org", "OIDC_ISSUERS=corp="+address), issuer
}

func TestSomebodySignsInWithAnotherService(t *testing.T) {
	t.Parallel()
	s, issuer := withIssuer(t)
	if answer := s.Do(http.MethodGet, "/api/auth/oidc", ""); string(answer.Body) != `{"issuers":["corp"]}` {
		t.Errorf("%s", answer.Body)
	}
	var accounts [3]int64
	for i, subject := range []string{"ann", "ann", "bob"} {
		start := startIssuer(t, s)
		if !strings.Contains(start.URL, "redirect_uri=https%3A%2F%2Fmaska.example.org%2Fapi%2Fauth%2Foidc%2Fcorp%2Fcallback") || !strings.Contains(start.URL, "scope=openid&") {
			t.Errorf("%s", start.URL)
		}
		code, state := issuer.Visit(start.URL, map[string]any{"sub": subject, "email": "ann@example.org", "name": "Ann"})
		var got issuedSet
		answer := finishIssuer(t, s, start.Flow, state, code)
		answer.Into(t, &got)
		if answer.Status != 200 || got.IsNew == (i == 1) || got.User.TelegramLinked || strings.Contains(string(answer.Body), "Ann") {
			t.Errorf("%s: %d %s", subject, answer.Status, answer.Body)
		}
		accounts[i] = got.User.ID
		if answer := s.Do(http.MethodGet, "/api/auth/profile", "", "Authorization: Bearer "+got.Access); answer.Status != 200 {
			t.Errorf("the token: %d %s", answer.Status, answer.Body)
		}
	}
	if accounts[0] != accounts[1] || accounts[0] == accounts[2] {
		t.Errorf("accounts %v", accounts)
	}
	mustNotHold(t, "the log", s.Log(), []string{"s:cr/t", "ann@example.org"})
}

func TestASignInWithAnotherServiceIsBoundToThePageThatBeganIt(t *testing.T) {
	t.Parallel()
	s, issuer := withIssuer(t)
	mine, other := startIssuer(t, s), startIssuer(t, s)
	person := map[string]any{"sub": "ann"}
	code, state := issuer.Visit(mine.URL, person)
	otherCode, otherState := issuer.Visit(other.URL, person)
	for name, c := range map[string]struct{ flow, state, code string }{
		"no flow":           {"", state, code},
		"another's flow":    {other.Flow, state, code},
		"another's code":    {mine.Flow, state, otherCode},
		"both of another":   {mine.Flow, otherState, otherCode},
		"altered flow":      {mine.Flow[:len(mine.Flow)-2] + "AA", state, code},
		"no state":          {mine.Flow, "", code},
		"no code":           {mine.Flow, state, ""},
		"a code of nowhere": {mine.Flow, state, "x"},
	} {
		if answer := finishIssuer(t, s, c.flow, c.state, c.code); answer.Status != 401 || answer.Code() != "credentials_invalid" {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
	if answer := finishIssuer(t, s, mine.Flow, state, code); answer.Status != 200 {
		t.Errorf("the right one: %d %s", answer.Status, answer.Body)
	}
	if answer := finishIssuer(t, s, mine.Flow, state, code); answer.Status != 401 {
		t.Errorf("the same code again: %d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/auth/oidc/nobody/start", ""); answer.Status != 404 || answer.Code() != "not_found" {
		t.Errorf("an unknown service: %d %s", answer.Status, answer.Body)
	}
}

func TestATokenOfAnotherServiceMustBeMeantForUs(t *testing.T) {
	t.Parallel()
	s, issuer := withIssuer(t)
	for name, alter := range map[string]map[string]any{
		"for somebody else":     {"aud": "other"},
		"for two, by nobody":    {"aud": []string{"client", "other"}},
		"given to another":      {"azp": "other"},
		"of another issuer":     {"iss": "https://elsewhere.example"},
		"expired":               {"exp": time.Now().Add(-time.Hour).Unix()},
		"another nonce":         {"nonce": "x"},
		"no nonce":              {"nonce": ""},
		"nobody":                {"sub": ""},
		"nobody in other words": {"sub": nil},
	} {
		issuer.Alter = func(claims jwt.MapClaims) { maps.Copy(claims, alter) }
		start := startIssuer(t, s)
		code, state := issuer.Visit(start.URL, map[string]any{"sub": "ann"})
		if answer := finishIssuer(t, s, start.Flow, state, code); answer.Status != 401 || answer.Code() != "credentials_invalid" {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
}

func TestAServiceThatIsDownIsSaidToBeAway(t *testing.T) {
	t.Parallel()
	down, away := withIssuer(t)
	away.SetDown(true)
	if answer := down.Do(http.MethodPost, "/api/auth/oidc/corp/start", ""); answer.Status != 503 || answer.Code() != "unavailable" {
		t.Errorf("start: %d %s", answer.Status, answer.Body)
	}
	s, issuer := withIssuer(t)
	start := startIssuer(t, s)
	code, state := issuer.Visit(start.URL, map[string]any{"sub": "ann"})
	issuer.SetDown(true)
	if answer := finishIssuer(t, s, start.Flow, state, code); answer.Status != 503 {
		t.Errorf("callback: %d %s", answer.Status, answer.Body)
	}
	issuer.SetDown(false)
	if answer := finishIssuer(t, s, start.Flow, state, code); answer.Status != 200 {
		t.Errorf("once more: %d %s", answer.Status, answer.Body)
	}
}

func TestFirstSignInsAtOnceWithAnotherServiceMakeOneAccount(t *testing.T) {
	t.Parallel()
	issuer := testkit.StartIssuer(t, "client", "secret")
	s := testkit.Start(t, "DATABASE_URL="+testkit.PostgresURL(t), "PUBLIC_URL=https://maska.example.org", "OIDC_ISSUERS=corp="+strings.Replace(issuer.URL, "//", "//client:secret@", 1))
	const n = 8
	var all sync.WaitGroup
	var ids [n]int64
	for i := range n {
		start := startIssuer(t, s)
		code, state := issuer.Visit(start.URL, map[string]any{"sub": "ann"})
		all.Go(func() {
			var got issuedSet
			finishIssuer(t, s, start.Flow, state, code).Into(t, &got)
			ids[i] = got.User.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == 0 || id != ids[0] {
			t.Errorf("accounts %v", ids)
		}
	}
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestTelegramsIDTokenLeadsToTheAccountOfTheTelegramUser(t *testing.T) {
	t.Parallel()
	issuer := testkit.StartIssuer(t, "700000001", "unused")
	s := testkit.Start(t, "TELEGRAM_OIDC_ISSUER="+issuer.URL)
	person := s.Enter(1)
	claims := func(change map[string]any) map[string]any {
		all := map[string]any{"sub": "opaque", "id": person.User.ID, "name": person.User.FirstName, "preferred_username": "zina_quetzal", "nonce": "n-1"}
		maps.Copy(all, change)
		return all
	}
	send := func(token, nonce string) testkit.Answer {
		return s.Do(http.MethodPost, "/api/auth/telegram/oidc", fmt.Sprintf(`{"id_token":%q,"nonce":%q}`, token, nonce))
	}
	for name, token := range map[string]string{
		"another bot's": issuer.Sign(claims(map[string]any{"aud": "700000002"})), "another nonce": issuer.Sign(claims(map[string]any{"nonce": "n-2"})),
		"no id": issuer.Sign(claims(map[string]any{"id": nil})), "id 0": issuer.Sign(claims(map[string]any{"id": 0})), "id of no number": issuer.Sign(claims(map[string]any{"id": 1.5})),
		"old":        issuer.Sign(claims(map[string]any{"iat": time.Now().Add(-25 * time.Hour).Unix()})),
		"of no time": issuer.Sign(claims(map[string]any{"iat": nil})), "of the future": issuer.Sign(claims(map[string]any{"iat": time.Now().Add(time.Hour).Unix()})),
		"another key": issuer.SignWithAnotherKey(claims(nil)), "rubbish": "x.y.z", "huge": strings.Repeat("A", 20_000),
	} {
		if answer := send(token, "n-1"); answer.Status != 401 || answer.Code() != "telegram_data_invalid" {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
	if answer := send("", "n-1"); answer.Status != 400 || answer.Code() != "validation_failed" {
		t.Errorf("no token: %d %s", answer.Status, answer.Body)
	}
	var got issuedSet
	token := issuer.Sign(claims(nil))
	answer := send(token, "n-1")
	answer.Into(t, &got)
	if answer.Status != 200 || got.IsNew || got.User.ID != accountID(t, s, person) || got.User.TelegramID == nil || *got.User.TelegramID != person.User.ID {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	last := strings.IndexByte(base64URL, token[len(token)-1])
	for name, again := range map[string]string{"the same": token, "in other words": token[:len(token)-1] + string(base64URL[last^1]), "with a line end": token + "\n"} {
		if answer := send(again, "n-1"); answer.Status != 401 || answer.Code() != "telegram_data_invalid" {
			t.Errorf("%s token again: %d %s", name, answer.Status, answer.Body)
		}
	}
	if answer := send(issuer.Sign(claims(map[string]any{"nonce": "n-2"})), "n-2"); answer.Status != 200 {
		t.Errorf("another token: %d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/auth/oidc/telegram/start", ""); answer.Status != 404 {
		t.Errorf("without a secret nobody can be sent to Telegram: %d %s", answer.Status, answer.Body)
	}
}

func TestABrowserThatComesBackKeepsTheCodeOutOfRequests(t *testing.T) {
	t.Parallel()
	s, _ := withIssuer(t)
	answer := s.Do(http.MethodGet, "/api/auth/oidc/corp/callback?code=a%26b&state=c&extra=d", "")
	if answer.Status != http.StatusSeeOther || answer.Header.Get("Location") != "/signin/oidc/corp#code=a%26b&state=c" || answer.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d %v", answer.Status, answer.Header)
	}
	for _, name := range []string{"%2F%2Fevil.example", "..%2F..", "%5Cevil"} {
		if to := s.Do(http.MethodGet, "/api/auth/oidc/"+name+"/callback", "").Header.Get("Location"); to != "" && !strings.HasPrefix(to, "/signin/oidc/") {
			t.Errorf("%s leads to %s", name, to)
		}
	}
}
