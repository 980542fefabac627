package loadtest

import (
	"encoding/json"
	"net/url"
	"testing"

	"maska/internal/authcheck"
	"maska/internal/telegram"
)

func TestPeopleHaveIdsThatNobodyElseHas(t *testing.T) {
	p := &people{botToken: "700000001:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8"}
	for _, person := range []int{0, maxConnections - 1} {
		text, err := p.initData(t.Context(), person)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		var user telegram.User
		if err := json.Unmarshal([]byte(signed.Get("user")), &user); err != nil {
			t.Fatal(err)
		}
		if user.ID < telegram.UserIDLimit-1_000_000 || user.ID >= authcheck.Person {
			t.Errorf("person %d is %d", person, user.ID)
		}
	}
}
