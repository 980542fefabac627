package session_test

import (
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/geo"
	"maska/internal/session"
	"maska/internal/testkit"
)

// eachPlaced runs a test on both databases, with rules about places.
func eachPlaced(t *testing.T, rules session.PlaceRules, test func(t *testing.T, w *world)) {
	t.Helper()
	places, err := geo.Open(testkit.Places(t, testkit.Spots()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := places.Close(); err != nil {
			t.Error(err)
		}
	})
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		test(t, newWorld(t, db, session.Config{Places: places, PlaceRules: rules}))
	})
}

func from(ip string) session.Client {
	c := client
	c.IP = ip
	return c
}

func TestASignInFromAnUnusualPlaceIsAuditedAndTold(t *testing.T) {
	t.Parallel()
	eachPlaced(t, session.PlaceRules{Watch: true}, func(t *testing.T, w *world) {
		const nowhere = "100.64.0.1"
		for i, step := range []struct {
			what    string
			ip      string
			after   time.Duration
			unusual int // so far
		}{
			{"the first place", testkit.BerlinIP, 0, 0},
			{"the next town, within the hour", testkit.HamburgIP, time.Minute, 0},
			{"another country at once", testkit.TokyoIP, time.Hour, 1},
			{"back faster than anybody flies", testkit.BerlinIP, time.Hour, 2},
			{"a known country after a long flight", testkit.TokyoIP, 24 * time.Hour, 2},
			{"an unknown place", nowhere, time.Minute, 2},
			{"and home on the next day", testkit.HamburgIP, 24 * time.Hour, 2},
		} {
			w.advance(step.after)
			if _, err := w.enterFrom(1, from(step.ip)); err != nil {
				t.Fatalf("%s: %v", step.what, err)
			}
			if n := w.audited("geo_unusual"); n != step.unusual || len(w.noticed()) != step.unusual {
				t.Errorf("%d, %s: %d in the audit and %d told, want %d", i, step.what, n, len(w.noticed()), step.unusual)
			}
		}
		if told := w.noticed()[0]; told.Kind != session.NoticeUnusualPlace || told.Country != "JP" {
			t.Errorf("told %+v", told)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions WHERE country = 'DE' AND (ip = '192.0.2.0/24' OR ip = '203.0.113.0/24')`); n != 4 {
			t.Errorf("%d sessions say that they began in Germany, want 4", n)
		}
	})
}

func TestAnUnusualPlaceAsksForTheSecondFactorOnce(t *testing.T) {
	t.Parallel()
	eachPlaced(t, session.PlaceRules{Watch: true}, func(t *testing.T, w *world) {
		_, app, _ := w.guard() // in Tokyo
		w.db.Exec(t, "UPDATE accounts SET mfa_for = 'password'")
		if _, err := w.enterFrom(guarded, from(testkit.TokyoIP)); err != nil {
			t.Fatal(err) // a proof of Telegram needs no other here
		}
		_, err := w.enterFrom(guarded, from(testkit.BerlinIP))
		w.wantCode(err, errs.MFARequired)
		if _, err := w.prove(errs.From(err).Challenge.Token, session.FactorTOTP, w.nextCode(app)); err != nil {
			t.Fatal(err)
		}
		if n := w.audited("geo_unusual"); n != 1 {
			t.Errorf("%d unusual places in the audit", n)
		}
	})
}

func TestACountryThatIsNotAllowedIsRefused(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]session.PlaceRules{
		"denied":      {Watch: true, Refuse: true, Deny: []string{"JP"}},
		"not allowed": {Watch: true, Refuse: true, Allow: []string{"DE", "FR"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachPlaced(t, rules, func(t *testing.T, w *world) {
				if _, err := w.enterFrom(1, from(testkit.BerlinIP)); err != nil {
					t.Fatal(err)
				}
				for _, id := range []int64{1, 2} { // 2 is nobody yet, and stays nobody
					_, err := w.enterFrom(id, from(testkit.TokyoIP))
					w.wantCode(err, errs.GeoBlocked)
				}
				if _, err := w.enterFrom(3, from("100.64.0.1")); err != nil {
					t.Errorf("an unknown country: %v", err)
				}
				if n := w.db.Count(t, `SELECT COUNT(*) FROM audit WHERE event = 'geo_blocked' AND outcome = 'refused' AND country = 'JP'`); n != 2 {
					t.Errorf("%d refusals in the audit", n)
				}
				if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts`); n != 2 {
					t.Errorf("%d accounts, want those of 1 and 3", n)
				}
			})
		})
	}
}

func TestListsOnlyWarnWhereNothingIsRefused(t *testing.T) {
	t.Parallel()
	eachPlaced(t, session.PlaceRules{Watch: true, Deny: []string{"JP"}}, func(t *testing.T, w *world) {
		for range 2 {
			if _, err := w.enterFrom(1, from(testkit.TokyoIP)); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.audited("geo_unusual"); n != 1 { // the first sign-in made the account
			t.Errorf("%d unusual places in the audit", n)
		}
	})
}

func TestNothingIsMadeOfPlacesUnlessItIsAskedFor(t *testing.T) {
	t.Parallel()
	eachPlaced(t, session.PlaceRules{}, func(t *testing.T, w *world) {
		for _, ip := range []string{testkit.BerlinIP, testkit.TokyoIP} {
			if _, err := w.enterFrom(1, from(ip)); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.audited("geo_unusual"); n != 0 || len(w.noticed()) != 0 {
			t.Errorf("%d unusual places in the audit", n)
		}
	})
}
