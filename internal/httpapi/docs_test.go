package httpapi_test

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"maska/internal/testkit"
)

func TestTheAPIsPageNamesEveryRouteAndLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	page := s.Do(http.MethodGet, "/docs", "")
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	s.Do(http.MethodGet, "/api/openapi.json", "").Into(t, &document)
	if page.Status != http.StatusOK || len(document.Paths) < 30 {
		t.Fatalf("%d, %d paths", page.Status, len(document.Paths))
	}
	text := html.UnescapeString(string(page.Body))
	for path, methods := range document.Paths {
		for method := range methods {
			if !strings.Contains(text, strings.ToUpper(method)+" "+path+"<") {
				t.Errorf("%s %s is missing", method, path)
			}
		}
	}
	if foreign := regexp.MustCompile(`(?i)<script|(src|href)="?(https?:)?//|@import|url\(`).FindAllString(text, -1); foreign != nil {
		t.Errorf("the page holds %v", foreign)
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}
