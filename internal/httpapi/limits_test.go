package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"maska/internal/testkit"
)

// Auth contract, section 9: everything else is limited by account, however many sessions it has.
func TestMoreSessionsAreNoMoreRequests(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "RATE_LIMIT_SCALE=0.2") // 60 requests; one comes back in a sixth of a second
	person := s.Enter(1)
	other := *person
	s.SignIn(&other)
	left := func(p *testkit.Person) (n int) {
		t.Helper()
		var reset int
		header := s.Do(http.MethodGet, "/api/auth/profile", "", p.Bearer()).Header.Get("RateLimit")
		if _, err := fmt.Sscanf(header, `"everything";r=%d;t=%d`, &n, &reset); err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		return n
	}
	first := left(person)
	for range 30 {
		left(person)
	}
	if second := left(&other); second > first-10 {
		t.Errorf("after 30 requests by one session another one of the account has %d left, it began with %d", second, first)
	}
}
