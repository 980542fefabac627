package limit_test

import (
	"testing"
	"time"

	"maska/internal/limit"
)

func TestScaleMultipliesWhatIsAllowed(t *testing.T) {
	rule := limit.Rule{Name: "r", Max: 60, Per: time.Minute, Burst: 3}
	for _, c := range []struct {
		factor float64
		want   limit.Rule
	}{
		{1, rule},
		{10, limit.Rule{Name: "r", Max: 600, Per: time.Minute, Burst: 30}},
		{0.5, limit.Rule{Name: "r", Max: 30, Per: time.Minute, Burst: 2}},
		{0.001, limit.Rule{Name: "r", Max: 1, Per: time.Minute, Burst: 1}},
		{1e300, limit.Rule{Name: "r", Max: 1<<31 - 1, Per: time.Minute, Burst: 1<<31 - 1}},
		{0, limit.Rule{Name: "r", Per: time.Minute}},
		{-1, limit.Rule{Name: "r", Per: time.Minute}},
	} {
		got := rule.Scale(c.factor)
		if got != c.want || got.Off() != (c.factor <= 0) {
			t.Errorf("scaled by %g: %+v, off %t; want %+v", c.factor, got, got.Off(), c.want)
		}
	}
	fixed := limit.Rule{Name: "once", Max: 1, Per: time.Hour, Fixed: true}
	if got := fixed.Scale(0); got != fixed {
		t.Errorf("a fixed rule became %+v", got)
	}
}

func TestARuleWithoutBurstAllowsItsMaximumAtOnce(t *testing.T) {
	plain := limit.Rule{Name: "r", Max: 60, Per: time.Minute}
	if plain.Capacity() != 60 || plain.Interval() != time.Second {
		t.Errorf("capacity %d, interval %v", plain.Capacity(), plain.Interval())
	}
	if got := plain.Scale(2); got.Capacity() != 120 || got.Interval() != time.Second/2 {
		t.Errorf("doubled: capacity %d, interval %v", got.Capacity(), got.Interval())
	}
	tooFine := limit.Rule{Name: "r", Max: 100, Per: 10}
	if tooFine.Interval() <= 0 {
		t.Errorf("interval %v", tooFine.Interval())
	}
}

func TestRulesCountApart(t *testing.T) {
	names := map[string]bool{}
	for _, rule := range []limit.Rule{
		limit.TelegramLoginIP, limit.TelegramLoginPerson, limit.RegisterIP, limit.LoginFailureAccount, limit.LoginFailureIP,
		limit.RefreshSession, limit.RefreshIP, limit.BindAccount, limit.MailAddress, limit.MailIP, limit.CodeToken,
		limit.CodeAccount, limit.Everything, limit.Message, limit.NewRoom,
	} {
		if names[rule.Name] || rule.Name == "" || rule.Off() || rule.Fixed {
			t.Errorf("%+v", rule)
		}
		names[rule.Name] = true
	}
}

func TestACodeTokenNeverHasASixthTry(t *testing.T) {
	const life = 5 * time.Minute
	if limit.CodeToken.Capacity() != 5 || limit.CodeToken.Interval() < life {
		t.Errorf("%d tries, one given back after %v of %v", limit.CodeToken.Capacity(), limit.CodeToken.Interval(), life)
	}
}

func TestAddressesOfOneCustomerShareAKey(t *testing.T) {
	for _, c := range []struct{ ip, want string }{
		{"192.0.2.7", "192.0.2.7"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::", "2001:db8:1:2::/64"},
		{"2001:db8:1:3::", "2001:db8:1:3::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"::1", "::/64"},
		{"", "unknown"},
		{"192.0.2.7:80", "unknown"},
		{"@", "unknown"},
	} {
		if got := limit.IPKey(c.ip); got != c.want {
			t.Errorf("%q: %q, want %q", c.ip, got, c.want)
		}
	}
}
