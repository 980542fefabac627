package password_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"

	"maska/internal/password"
	"maska/internal/random"
)

// cheap hashes in tests: the costs of the product are checked once, below.
var cheap = password.Params{Memory: 64, Passes: 1, Lanes: 1}

func hasher(params password.Params) *password.Hasher {
	return password.NewHasher(params, 2, random.New(rand.Reader))
}

func TestAHashIsThatOfTheContract(t *testing.T) {
	t.Parallel()
	h := hasher(password.DefaultParams())
	hash, err := h.Hash(t.Context(), "P@ssw0rd")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	if other, err := h.Hash(t.Context(), "P@ssw0rd"); err != nil || other == hash {
		t.Error("two hashes share a salt")
	}
	right, stale, err := h.Verify(t.Context(), "P@ssw0rd", hash)
	if !right || stale || err != nil {
		t.Errorf("right %t, stale %t, %v", right, stale, err)
	}
	if right, stale, err := hasher(cheap).Verify(t.Context(), "P@ssw0rd", hash); !right || !stale || err != nil {
		t.Errorf("after other costs were chosen: right %t, stale %t, %v", right, stale, err)
	}
}

func TestPasswordsAreTakenWhole(t *testing.T) {
	t.Parallel()
	h := hasher(cheap)
	long := strings.Repeat("я", 128)
	for _, c := range []struct {
		chosen, given string
		right         bool
	}{
		{"secret1", "secret1", true},
		{"secret1", "Secret1", false},
		{"secret1", "secret1 ", false},
		{" secret1 ", " secret1 ", true},
		{"secret1", "", false},
		{long, long, true},
		{long, long[:len(long)-2], false},
		{"пароль\u0439", "пароль\u0438\u0306", true}, // й, and и with a breve
		{"a\x00b", "a\x00c", false},
	} {
		hash, err := h.Hash(t.Context(), c.chosen)
		if err != nil {
			t.Fatal(err)
		}
		if right, stale, err := h.Verify(t.Context(), c.given, hash); right != c.right || stale || err != nil {
			t.Errorf("%.20q against %.20q: right %t, stale %t, %v", c.given, c.chosen, right, stale, err)
		}
	}
}

func TestNobodysPasswordIsNeverRight(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "secret1"} {
		if right, stale, err := hasher(cheap).Verify(t.Context(), text, ""); right || stale || err != nil {
			t.Errorf("%q: right %t, stale %t, %v", text, right, stale, err)
		}
	}
}

// Hashes of "Tr0ub4dor&3" as passlib, Django and the argon2 and bcrypt libraries of Python write them.
var imported = map[string]string{
	"bcrypt":           "$2b$05$Wu.Ug1WJegG.a2ZBXDSrhuyX3fSI74LoDFjWgQDO59W51fBKBGKEG",
	"bcrypt of PHP":    "$2y$05$Wu.Ug1WJegG.a2ZBXDSrhuyX3fSI74LoDFjWgQDO59W51fBKBGKEG",
	"bcrypt of Django": "bcrypt$$2b$04$ta8PQZa0n9Z.0kcOexS/d.oUkrEFcjW.ItaO45cu9.T9fJpeXoL1e",
	"scrypt":           "$scrypt$ln=10,r=8,p=1$iLEW4lyLcW4N4fy/l3Lu3Q$5UTBoJb4dHP/XUBrHoLAdgbaxbCbnJITaNsph7Ofco4",
	"scrypt of Django": "scrypt$seasalt12$1024$8$1$IDcY7BlbKa7xOGnbT6pKXwV1wcxX0eoS+PlTymnOtEOnjogilPw+uHgK3ZX1KtlfdoqqUPP0iZtQW8aB1OOAXQ==",
	"pbkdf2-sha1":      "$pbkdf2$1000$SIlx7p3TmtN6r/X.P8dYqw$5xqsf.lsMfMlourjjrEMPFNucII",
	"pbkdf2-sha256":    "$pbkdf2-sha256$1000$W6vVOqe0FkLoPad0DqFUag$u/7ApSkNPeOrpK.tYldb7H3Ml.hJ.xHVK/G9S/d.J5E",
	"pbkdf2-sha512":    "$pbkdf2-sha512$1000$FYIQAmAM4XxvLWVsDUFo7Q$YeUkyo8XaxzlDGG6Sv1XjNYMj1IVlDjw.1Ip1cL1kMv3Y5MmmXCnCHNYftrJxOXbiuBCmZnhCK8BXJ/edC5L/A",
	"pbkdf2 as PHC":    "$pbkdf2-sha256$i=1000,l=32$c2Vhc2FsdDEy$6Vr8Nx2yIhL2eakCps0f//HuA2ElrjwLpPuWZ2u0SpU",
	"pbkdf2 of Django": "pbkdf2_sha256$1000$seasalt12$6Vr8Nx2yIhL2eakCps0f//HuA2ElrjwLpPuWZ2u0SpU=",
	"its SHA-1":        "pbkdf2_sha1$1000$seasalt12$mEbgQh+l2K9LzLuFhcZv8WPDCf0=",
	"argon2id":         "$argon2id$v=19$m=64,t=1,p=2$K/8LFENw5x3sMoAr$YmIOCar3gKvXGJP6O6C2x4KP4k/OhkDO",
	"argon2i":          "$argon2i$v=19$m=64,t=1,p=1$sXJWdUOcUdDItaRycJOkUA$/enqt0uRwrDPoPt+axTS+g",
	"argon2 of Django": "argon2$argon2id$v=19$m=64,t=1,p=1$c2Vhc2FsdDEy$q3AJZlukEdTcFj1uOGZEcA",
}

func TestHashesOfOtherSystemsVerifyAndAreStale(t *testing.T) {
	t.Parallel()
	h := hasher(cheap)
	for name, hash := range imported {
		if err := password.Supported(hash); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if right, stale, err := h.Verify(t.Context(), "Tr0ub4dor&3", hash); !right || !stale || err != nil {
			t.Errorf("%s: right %t, stale %t, %v", name, right, stale, err)
		}
		if right, stale, err := h.Verify(t.Context(), "Tr0ub4dor&4", hash); right || stale || err != nil {
			t.Errorf("%s and a wrong password: right %t, stale %t, %v", name, right, stale, err)
		}
	}
}

func TestHashesThatCouldStopTheServerAreRefused(t *testing.T) {
	t.Parallel()
	salt, key := "c2Vhc2FsdDEy", "6Vr8Nx2yIhL2eakCps0f//HuA2ElrjwLpPuWZ2u0SpU"
	for _, hash := range []string{
		"", "$", "$$$", "secret", "plain:secret", "$1$salt$5RPVAd", "$5$salt$x", "$argon2d$v=19$m=64,t=1,p=1$" + salt + "$" + key, "5f4dcc3b5aa765d61d8327deb882cf99",
		"$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + key, "$argon2id$m=64,t=1,p=1$" + salt + "$" + key, "$argon2id$v=19$m=64,t=1$" + salt + "$" + key,
		"$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key, "$argon2id$v=19$m=1048576,t=1,p=1$" + salt + "$" + key, "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=131072,t=10,p=1$" + salt + "$" + key, "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + key, "$argon2id$v=19$m=64,t=1,p=256$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$$" + key, "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$AAAA", "$argon2id$v=19$m=64,t=-1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$t=1,m=64,p=1$" + salt + "$" + key, "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key + "$x", "$argon2id$v=19$m=64,t=1,p=1$!$" + key,
		"$2b$31$Wu.Ug1WJegG.a2ZBXDSrhuyX3fSI74LoDFjWgQDO59W51fBKBGKEG", "$2b$05$short", "$2x$05$Wu.Ug1WJegG.a2ZBXDSrhuyX3fSI74LoDFjWgQDO59W51fBKBGKEG",
		"$scrypt$ln=30,r=8,p=1$" + salt + "$" + key, "$scrypt$ln=0,r=8,p=1$" + salt + "$" + key, "$scrypt$ln=10,r=0,p=1$" + salt + "$" + key, "$scrypt$ln=17,r=64,p=1$" + salt + "$" + key,
		"$scrypt$ln=10,r=8,p=1000$" + salt + "$" + key, "scrypt$seasalt12$1000$8$1$" + key + "=", "scrypt$seasalt12$1024$8$1$?", "scrypt$a$b", "scrypt$s$x$8$1$" + key + "=",
		"$pbkdf2-sha256$99999999$" + salt + "$" + key, "$pbkdf2-sha256$0$" + salt + "$" + key, "$pbkdf2-md5$1000$" + salt + "$" + key, "$pbkdf2-sha256$i=1e3$" + salt + "$" + key, "$pbkdf2-sha256$1000$" + salt,
		"pbkdf2_md5$1000$s$" + key + "=", "pbkdf2_sha256$x$s$" + key + "=", "pbkdf2_sha256$1000$s$?", "pbkdf2_sha256$1000$s$AAAA", "pbkdf2_sha256$1000", "bcrypt$$2", "argon2$argon2",
		"$pbkdf2$i=2000000$" + salt + "$" + strings.Repeat("A", 171), "$pbkdf2$i=300000$" + salt + "$" + strings.Repeat("A", 171), // 7 blocks
		"$pbkdf2-sha512$600000$" + salt + "$" + key, "$2b$13$Wu.Ug1WJegG.a2ZBXDSrhuyX3fSI74LoDFjWgQDO59W51fBKBGKEG",
		"$scrypt$ln=17,r=8,p=2$" + salt + "$" + key, "$argon2id$v=19$m=131072,t=4,p=1$" + salt + "$" + key,
		"$pbkdf2-sha256$1000$" + strings.Repeat("A", 600) + "$" + key,
	} {
		if err := password.Supported(hash); !errors.Is(err, password.ErrUnsupported) {
			t.Errorf("%q: %v", hash, err)
		}
		if right, _, err := hasher(cheap).Verify(t.Context(), "x", hash); right || (hash != "" && err == nil) {
			t.Errorf("%q: verified %t, %v", hash, right, err)
		}
	}
}

func TestHashesThatOtherSystemsMakeTodayAreTakenOver(t *testing.T) {
	t.Parallel()
	salt, key := "c2Vhc2FsdDEy", "6Vr8Nx2yIhL2eakCps0f//HuA2ElrjwLpPuWZ2u0SpU"
	for _, hash := range []string{
		"pbkdf2_sha256$1200000$seasalt12$" + key + "=", "$pbkdf2-sha512$210000$" + salt + "$" + key, "$2b$12$Wu.Ug1WJegG.a2ZBXDSrhuyX3fSI74LoDFjWgQDO59W51fBKBGKEG",
		"$scrypt$ln=17,r=8,p=1$" + salt + "$" + key, "scrypt$seasalt12$16384$8$5$" + key + "=", "$argon2id$v=19$m=102400,t=2,p=8$" + salt + "$" + key, "$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$" + key,
	} {
		if err := password.Supported(hash); err != nil {
			t.Errorf("%q: %v", hash, err)
		}
	}
}

func FuzzAnyHashIsReadSafely(f *testing.F) {
	for _, hash := range imported {
		f.Add(hash)
	}
	h := hasher(cheap)
	f.Fuzz(func(t *testing.T, hash string) {
		if password.Supported(hash) != nil || len(hash) > 120 { // a dear one would only slow the search down
			return
		}
		if right, _, err := h.Verify(t.Context(), "", hash); err != nil || right {
			t.Errorf("%q: %t, %v", hash, right, err)
		}
	})
}

func TestNoMoreHashesAtOnceThanThereIsRoomFor(t *testing.T) {
	t.Parallel()
	h := hasher(password.Params{Memory: 1024, Passes: 2, Lanes: 1})
	var mu sync.Mutex
	var done, busy int
	var all sync.WaitGroup
	for range 400 {
		all.Go(func() {
			_, err := h.Hash(t.Context(), "secret1")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case errors.Is(err, password.ErrBusy):
				busy++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if busy == 0 || done == 0 || done+busy != 400 {
		t.Errorf("%d done, %d told to come back", done, busy)
	}
	if _, err := h.Hash(t.Context(), "secret1"); err != nil {
		t.Errorf("after the rush: %v", err)
	}
}

func TestWhoeverStopsWaitingIsNotHashed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := password.NewHasher(cheap, 0, random.New(rand.Reader)) // no room: everybody waits
	if _, err := h.Hash(ctx, "secret1"); !errors.Is(err, password.ErrBusy) && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkHash(b *testing.B) {
	h := hasher(password.DefaultParams())
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "P@ssw0rd"); err != nil {
			b.Fatal(err)
		}
	}
}
