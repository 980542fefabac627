package session_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/profile"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
)

func TestThePersonIsFoundAgainByEitherDoorAndKeepsTheMask(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.enter(1001)
		if !first.NewAccount || first.Profile.Nickname == "" || first.Profile.ID == 0 {
			t.Fatalf("first sign-in: %+v", first)
		}
		if first.Identity.Telegram != nil || first.Account.TelegramTag == nil {
			t.Error("POST /auth kept something reversible, or no tag")
		}
		again := w.enter(1001)
		if again.NewAccount || again.Account.ID != first.Account.ID || again.Profile.ID != first.Profile.ID || again.Session == first.Session {
			t.Errorf("second sign-in: %+v", again)
		}
		linked, err := w.SignInTelegram(t.Context(), w.initDataOf(telegram.User{ID: 1001, FirstName: "Ann", Username: "ann", LanguageCode: "ru"}), true, client, locale.English)
		if err != nil {
			t.Fatal(err)
		}
		if linked.Account.ID != first.Account.ID || linked.Profile.ID != first.Profile.ID {
			t.Error("the other door leads to another account or mask")
		}
		if linked.Identity.Telegram == nil || linked.Identity.Telegram.ID != 1001 || linked.Identity.Telegram.Username != "ann" || linked.Account.Language != locale.Russian {
			t.Errorf("the identity was not linked: %+v", linked.Identity)
		}
		if other := w.enter(1002); other.Account.ID == first.Account.ID || other.Profile.ID == first.Profile.ID {
			t.Error("two people share an account or a mask")
		}
	})
}

func TestNamesAreRefreshedOnlyWhereTheyAreSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		enter := func(name string, keep bool) session.Tokens {
			tokens, err := w.SignInTelegram(t.Context(), w.initDataOf(telegram.User{ID: 5, FirstName: name, LanguageCode: "ru"}), keep, client, locale.English)
			if err != nil {
				t.Fatal(err)
			}
			return tokens
		}
		if plain := enter("Ann", false); plain.Identity.Telegram != nil || plain.Account.Language != locale.English {
			t.Errorf("POST /auth kept names or language: %+v", plain)
		}
		enter("Ann", true)
		if renamed := enter("Anna", false); renamed.Identity.Telegram == nil || renamed.Identity.Telegram.FirstName != "Anna" {
			t.Errorf("the sealed name is stale: %+v", renamed.Identity.Telegram)
		}
	})
}

func TestAUsernameBelongsToItsNewestProof(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, id := range []int64{1, 2, 1} {
			if _, err := w.SignInTelegram(t.Context(), w.initDataOf(telegram.User{ID: id, FirstName: "A", Username: "Wanderer"}), true, client, locale.English); err != nil {
				t.Fatalf("person %d: %v", id, err)
			}
		}
	})
}

func TestFirstSignInsAtOnceMakeOneAccountAndOneMask(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const doors = 12
		results := make([]session.Tokens, doors)
		failures := make([]error, doors)
		var all sync.WaitGroup
		for i := range doors {
			all.Go(func() {
				results[i], failures[i] = w.SignInTelegram(t.Context(), w.initData(77), i%2 == 0, client, locale.English)
			})
		}
		all.Wait()
		made := 0
		for i, r := range results {
			if failures[i] != nil {
				t.Fatal(failures[i])
			}
			if r.NewAccount {
				made++
			}
			if r.Account.ID != results[0].Account.ID || r.Profile.ID != results[0].Profile.ID {
				t.Error("two sign-ins of one person got different accounts or masks")
			}
		}
		if made != 1 || w.audited("user_created") != 1 {
			t.Errorf("%d accounts were made, %d audited", made, w.audited("user_created"))
		}
	})
}

func TestRefusedProofsHaveTheContractsCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		good := w.initData(9)
		for name, c := range map[string]struct {
			initData string
			want     errs.Code
		}{
			"empty":     {"", errs.InitDataRequired},
			"forged":    {strings.Replace(good, "Ann", "Bob", 1), errs.InitDataInvalid},
			"truncated": {good[:len(good)-9], errs.InitDataInvalid},
			"twice":     {good + "&" + good, errs.InitDataInvalid},
			"noise":     {"\x00\xff", errs.InitDataInvalid},
			"stale":     {telegram.SignInitData(botToken, telegram.SignParams{User: telegram.User{ID: 9}, AuthDate: w.now().Add(-25 * time.Hour)}), errs.InitDataExpired},
			"future":    {telegram.SignInitData(botToken, telegram.SignParams{User: telegram.User{ID: 9}, AuthDate: w.now().Add(5 * time.Minute)}), errs.InitDataExpired},
			"other bot": {telegram.SignInitData("8:other", telegram.SignParams{User: telegram.User{ID: 9}, AuthDate: w.now()}), errs.InitDataInvalid},
		} {
			_, err := w.SignInTelegram(t.Context(), c.initData, false, client, locale.English)
			if got := errs.CodeOf(err); got != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		if w.audited("user_created") != 0 {
			t.Error("a refused proof made an account")
		}
	})
}

func TestFailedProofsAreLimitedByAddressAndKnownPeopleAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), session.Config{})
	w.enter(1)
	var err error
	for range 61 {
		_, err = w.SignInTelegram(t.Context(), "nonsense", false, client, locale.English)
	}
	w.wantCode(err, errs.RateLimited)
	if errs.From(err).RetryAfter <= 0 {
		t.Error("no time to wait")
	}
	other := client
	other.IP = "203.0.113.5"
	if _, err := w.SignInTelegram(t.Context(), w.initData(1), false, other, locale.English); err != nil {
		t.Errorf("another address: %v", err)
	}
}

func TestAProofCanBeMadeToCountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), session.Config{OnceOnly: true})
	proof := w.initData(3)
	if _, err := w.SignInTelegram(t.Context(), proof, false, client, locale.English); err != nil {
		t.Fatal(err)
	}
	_, err := w.SignInTelegram(t.Context(), proof, false, client, locale.English)
	w.wantCode(err, errs.InitDataInvalid)
}

func TestTheLeastRecentlyUsedSessionIsEvicted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var all []session.Tokens
		for range session.MaxLive {
			all = append(all, w.enter(4))
			w.advance(2 * time.Hour)
			w.advance(-2 * time.Hour)
			w.advance(time.Hour)
		}
		w.renew(all[0].Refresh) // now the second is the oldest
		w.enter(4)
		w.wantEnded(all[1].Session)
		w.refreshFails(all[1].Refresh, errs.SessionRevoked)
		w.renew(all[2].Refresh)
		if n := w.audited("session_evicted"); n != 1 {
			t.Errorf("%d evictions audited", n)
		}
	})
}

func TestNothingReversibleIsStoredForTheAnonymous(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := telegram.User{ID: 4815162342, FirstName: "Зинаида", LastName: "Quetzalcoatl", Username: "zina_4815", LanguageCode: "ru"}
		if _, err := w.SignInTelegram(t.Context(), w.initDataOf(user), false, client, locale.English); err != nil {
			t.Fatal(err)
		}
		dump := w.db.Dump(t)
		for _, secret := range []string{"4815162342", "Зинаида", "Quetzalcoatl", "zina_4815", client.IP} {
			if bytes.Contains(dump, []byte(secret)) {
				t.Errorf("the database holds %q", secret)
			}
		}
		if !bytes.Contains(dump, []byte("198.51.100.0/24")) {
			t.Error("the dump does not see the sessions")
		}
	})
}

func TestAMaskOutlivesSignInsAndEndsByChoice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(6)
		actor := w.authenticate(tokens.Access)
		taken, err := w.NewMask(t.Context(), actor, locale.Russian)
		if err != nil {
			t.Fatal(err)
		}
		if taken.ID == tokens.Profile.ID || taken.Nickname == tokens.Profile.Nickname {
			t.Error("the new mask is the old one")
		}
		if now := w.enter(6); now.Profile.ID != taken.ID {
			t.Error("the second device wears another mask")
		}
		chat, err := w.ChatActor(t.Context(), w.authenticate(tokens.Access), locale.English)
		if err != nil || chat.Profile.ID != taken.ID {
			t.Errorf("the old session acts as %d, %v", chat.Profile.ID, err)
		}
		for range session.NewMasksPerDay - 1 {
			if _, err := w.NewMask(t.Context(), w.authenticate(tokens.Access), locale.English); err != nil {
				t.Fatal(err)
			}
		}
		_, err = w.NewMask(t.Context(), w.authenticate(tokens.Access), locale.English)
		w.wantCode(err, errs.RateLimited)
	})
}

func TestTwoDevicesThatChangeTheMaskAtOnceGetTheSameOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		actor := w.authenticate(w.enter(8).Access)
		var masks [3]profile.Profile
		var failures [3]error
		var all sync.WaitGroup
		for i := range masks {
			all.Go(func() { masks[i], failures[i] = w.NewMask(t.Context(), actor, locale.English) })
		}
		all.Wait()
		for i := range masks {
			if failures[i] != nil || masks[i].ID != masks[0].ID {
				t.Errorf("device %d wears %d (%v), the first one %d", i, masks[i].ID, failures[i], masks[0].ID)
			}
		}
	})
}

func TestAnUnusedMaskIsPutDownErasedAndForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		old := w.enter(10).Profile
		busy := w.enter(11).Profile
		w.advance(31 * 24 * time.Hour)
		if now := w.enter(11).Profile; now.ID != busy.ID {
			t.Error("31 days without a tidy-up already cost the mask")
		}
		n, err := w.PutDownUnused(t.Context(), profile.DayOf(w.now())-30, 100)
		if err != nil || n != 1 {
			t.Fatalf("PutDownUnused = %d, %v", n, err)
		}
		back := w.enter(10).Profile
		if back.ID == old.ID {
			t.Fatal("the mask came back")
		}
		if back.Nickname == old.Nickname {
			t.Error("the nickname did not rest")
		}
		if n, err := w.profiles.EraseDue(t.Context(), 100); n != 0 || err != nil {
			t.Errorf("erased at once: %d, %v", n, err)
		}
		w.advance(25 * time.Hour)
		if n, err := w.profiles.EraseDue(t.Context(), 100); n != 1 || err != nil {
			t.Errorf("erased after a day: %d, %v", n, err)
		}
		dump := w.db.Dump(t)
		if bytes.Contains(dump, []byte(old.Nickname)) {
			t.Error("the erased nickname is still there")
		}
		picture, err := w.profiles.Picture(t.Context(), old.ID)
		if err != nil {
			t.Fatal(err)
		}
		if worn, err := w.profiles.Picture(t.Context(), back.ID); err != nil || bytes.Equal(worn, picture) {
			t.Errorf("the erased picture is not the neutral one (%v)", err)
		}
		w.advance(20 * 24 * time.Hour)
		if err := w.profiles.ForgetOwners(t.Context(), 14); err != nil {
			t.Fatal(err)
		}
		if left := w.db.Count(t, "SELECT COUNT(*) FROM profiles WHERE escrow IS NOT NULL"); left != 2 {
			t.Errorf("%d escrows are kept, want those of the two masks that are worn", left)
		}
	})
}

// Messages carry exact times. A sign-in that did too would tell, laid beside them, whose mask spoke.
func TestTheDatabaseKeepsNoExactTimeOfASignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.advance(17*time.Minute + 3*time.Second)
		w.renew(w.enter(1).Refresh)
		const hour = 3_600_000
		for _, column := range []string{"created_at", "last_seen_at", "expires_at"} {
			if n := w.db.Count(t, "SELECT COUNT(*) FROM sessions WHERE "+column+" % $1 <> 0", hour); n != 0 {
				t.Errorf("sessions.%s is exact", column)
			}
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM audit WHERE at % $1 <> 0", hour); n != 0 {
			t.Errorf("%d records of the audit are exact", n)
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM sessions WHERE stepped_at % $1 <> 0", hour); n != 1 {
			t.Error("the refresh of this moment lost its time, which parallel refreshes need")
		}
		if err := w.db.CutSteps(t.Context(), w.now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM sessions WHERE stepped_at % $1 <> 0", hour); n != 0 {
			t.Error("an old refresh kept its time")
		}
	})
}
