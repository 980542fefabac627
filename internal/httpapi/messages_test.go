package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"maska/internal/testkit"
	"maska/internal/view"
)

const (
	messagesPath = "/api/rooms/1/messages"
	rowsPath     = "/rooms/1/messages"
)

func say(t *testing.T, s *testkit.Server, p *testkit.Person, content string) {
	t.Helper()
	answer := s.Do(http.MethodPost, messagesPath, fmt.Sprintf(`{"content":%q}`, content), p.Bearer())
	if answer.Status != http.StatusOK {
		t.Fatalf("say %s: %d %s", content, answer.Status, answer.Body)
	}
}

func span(items []view.Message) string {
	if len(items) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d…%d", items[0].Seq, items[len(items)-1].Seq)
}

func TestWhatIsSaidByRestIsInTheHistory(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	anna, boris := s.Enter(1), s.Enter(2)
	const cid = "0f9d8c1e-3a4b-4c2d-8e9f-001122334455"
	body := `{"roomId":7,"userId":42,"content":" Привет ","cid":"` + strings.ToUpper(cid) + `"}`
	first := s.Do(http.MethodPost, messagesPath, body, anna.Bearer())
	again := s.Do(http.MethodPost, messagesPath, body, anna.Bearer())
	var sent view.Sent
	first.Into(t, &sent)
	if first.Status != 200 || sent.ID != "1-1" || sent.Seq != 1 || sent.CID != cid || string(first.Body) != string(again.Body) {
		t.Errorf("sent %s, then %s", first.Body, again.Body)
	}
	if conflict := s.Do(http.MethodPost, messagesPath, `{"content":"other","cid":"`+cid+`"}`, anna.Bearer()); conflict.Code() != "cid_conflict" {
		t.Errorf("other content under the same cid: %s", conflict.Body)
	}
	for who, person := range map[string]*testkit.Person{"author": anna, "other": boris} {
		var page view.Page
		s.Do(http.MethodGet, messagesPath, "", person.Bearer()).Into(t, &page)
		var rows []view.Row
		answer := s.Do(http.MethodGet, rowsPath, "", person.Bearer())
		answer.Into(t, &rows)
		if len(page.Items) != 1 || page.Head != 1 || page.Epoch == "" || page.HasMore || len(rows) != 1 {
			t.Fatalf("%s gets %+v and %+v", who, page, rows)
		}
		m, row := page.Items[0], rows[0]
		if m.Content != "Привет" || m.ID != sent.ID || m.CreatedAt != sent.CreatedAt || m.Author == nil || m.UserID == 42 {
			t.Errorf("%s gets %+v", who, m)
		}
		if row.RoomIDColumn != 1 || row.UserIDColumn != m.UserID || row.AnonName == nil || *row.AnonName != m.Author.Nickname || row.CreatedAt != m.CreatedAt {
			t.Errorf("%s gets the row %s", who, answer.Body)
		}
		if want := map[string]string{"author": cid, "other": ""}[who]; m.CID != want || row.CID != want {
			t.Errorf("%s gets the cids %q and %q", who, m.CID, row.CID)
		}
		mustNotHold(t, "the history", string(answer.Body), secrets(anna))
	}
}

func TestHistoryIsReadInPages(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "RATE_LIMITS=off")
	anna := s.Enter(1)
	for _, path := range []string{messagesPath, rowsPath} {
		if answer := s.Do(http.MethodGet, path, "", anna.Bearer()); !strings.Contains(string(answer.Body), "[]") {
			t.Errorf("an empty room: %s", answer.Body)
		}
	}
	for i := range 70 {
		say(t, s, anna, fmt.Sprint(i+1))
	}
	for query, want := range map[string]string{
		"": "21…70 true", "?limit=200": "1…70 false", "?limit=1": "70…70 true", "?before=21": "1…20 false", "?before=21&limit=5": "16…20 true",
		"?before=1": "none false", "?after=60": "61…70 false", "?after=0&limit=10": "1…10 true", "?after=70": "none false", "?around=30&limit=10": "26…35 true",
		"?before=9007199254740992": "21…70 true",
	} {
		var page view.Page
		s.Do(http.MethodGet, messagesPath+query, "", anna.Bearer()).Into(t, &page)
		if got := fmt.Sprint(span(page.Items), " ", page.HasMore); got != want || page.Head != 70 {
			t.Errorf("%s: %s, head %d; want %s", query, got, page.Head, want)
		}
	}
	for query, want := range map[string]int{"": 70, "?limit=3": 3, "?before=3": 2} {
		var rows []view.Row
		s.Do(http.MethodGet, rowsPath+query, "", anna.Bearer()).Into(t, &rows)
		if len(rows) != want || rows[len(rows)-1].Seq < rows[0].Seq {
			t.Errorf("%s: %d rows", query, len(rows))
		}
	}
	for _, query := range []string{
		"?limit=0", "?limit=201", "?limit=x", "?limit=-1", "?limit=1.5", "?limit=1&limit=2", "?before=0", "?before=-1", "?before=x", "?after=-1",
		"?around=0", "?before=1&after=1", "?after=1&around=1", "?before=99999999999999999999",
	} {
		if answer := s.Do(http.MethodGet, messagesPath+query, "", anna.Bearer()); answer.Status != 400 || answer.Code() != "validation_failed" {
			t.Errorf("%s: %d %s", query, answer.Status, answer.Body)
		}
	}
}

func TestTheRoomsOfOthersAreNotFound(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	anna := s.Enter(1)
	for _, id := range []string{"0", "2", "-1", "x", "1.0", "01", "99999999999999999999", "%31%00"} {
		for _, path := range []string{"/rooms/" + id + "/messages", "/api/rooms/" + id + "/messages"} {
			if answer := s.Do(http.MethodGet, path, "", anna.Bearer()); answer.Status != 404 || answer.Code() != "not_found" {
				t.Errorf("GET %s: %d %s", path, answer.Status, answer.Body)
			}
		}
		if answer := s.Do(http.MethodPost, "/api/rooms/"+id+"/messages", `{"content":"x"}`, anna.Bearer()); answer.Status != 404 {
			t.Errorf("POST to room %s: %d %s", id, answer.Status, answer.Body)
		}
	}
}

func TestWhatBreaksTheRulesIsNotSaid(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	anna := s.Enter(1)
	for body, code := range map[string]string{
		`{}`: "validation_failed", `{"content":null}`: "validation_failed", `{"content":""}`: "validation_failed", `{"content":7}`: "validation_failed",
		`{"content":"a\u0000"}`: "validation_failed", `{"content":"` + strings.Repeat("a", 4001) + `"}`: "validation_failed",
		`{"content":"x","cid":"no"}`: "validation_failed", `{"content":"x","cid":""}`: "validation_failed",
		`{"content":"x","replyTo":"1-1"}`: "validation_failed", `{"content":"x","media":["m"]}`: "validation_failed",
		`{"content":"x","content":"y"}`: "malformed_json", `[]`: "validation_failed", `"x"`: "validation_failed", ``: "malformed_json",
	} {
		answer := s.Do(http.MethodPost, messagesPath, body, anna.Bearer(), "Content-Type: application/json")
		if answer.Status != 400 || answer.Code() != code {
			t.Errorf("%.40s: %d %s", body, answer.Status, answer.Body)
		}
	}
	for range 3 {
		say(t, s, anna, "three in a burst")
	}
	if answer := s.Do(http.MethodPost, messagesPath, `{"content":"four"}`, anna.Bearer()); answer.Status != 429 || answer.Header.Get("Retry-After") != "1" {
		t.Errorf("the fourth: %d %s", answer.Status, answer.Body)
	}
}

func TestHistoryIsNotPublic(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	say(t, s, s.Enter(1), "among us")
	for _, c := range []struct{ method, path, body string }{
		{"GET", rowsPath, ""}, {"GET", messagesPath, ""}, {"POST", messagesPath, `{"content":"x"}`},
	} {
		answer := s.Do(c.method, c.path, c.body)
		if answer.Status != 401 || answer.Code() != "token_missing" || strings.Contains(string(answer.Body), "among us") {
			t.Errorf("%s %s: %d %s", c.method, c.path, answer.Status, answer.Body)
		}
	}
}
