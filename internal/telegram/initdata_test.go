package telegram_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"maska/internal/telegram"
)

const (
	token    = "700000001:AAMadeUpTokenOnlyForTests_000000000000"
	oldToken = "700000001:AAMadeUpTokenOnlyForTests_111111111111"
)

var (
	signedAt = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	limits   = telegram.Limits{MaxAge: telegram.DefaultMaxAge, MaxSkew: telegram.DefaultMaxSkew}
	anna     = telegram.SignParams{
		User: telegram.User{
			ID: 4242424242, FirstName: "Анна + 100 %", LastName: "O'Hara / <b>", Username: "anna_1", LanguageCode: "ru",
		},
		PhotoURL:     "https://t.me/i/userpic/320/anna.svg",
		AuthDate:     signedAt,
		StartParam:   "r_Ab-9_z",
		QueryID:      "AAEtestQuery",
		ChatType:     "sender",
		ChatInstance: "-9019086117643313246",
	}
)

func TestSignedInitDataNamesThePersonAndTheBot(t *testing.T) {
	raw := telegram.SignInitData(token, anna)
	got, err := newVerifier(t, limits, token).InitData(raw, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	hash := fieldsOf(t, raw).Get("hash")
	want := telegram.InitData{
		User: anna.User, AuthDate: signedAt, StartParam: "r_Ab-9_z", BotID: 700000001, HashPrefix: hash[:16],
	}
	if got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestInitDataOfAnyPersonIsReadBackExactly(t *testing.T) {
	verifier := newVerifier(t, limits, token)
	rapid.Check(t, func(t *rapid.T) {
		params := telegram.SignParams{
			User: telegram.User{
				ID:           rapid.Int64Range(1, 1<<52-1).Draw(t, "id"),
				FirstName:    rapid.String().Draw(t, "first name"),
				LastName:     rapid.String().Draw(t, "last name"),
				Username:     rapid.StringMatching(`[A-Za-z0-9_]{0,32}`).Draw(t, "username"),
				LanguageCode: rapid.StringMatching(`[a-z]{2}(-[a-z]{2,4})?`).Draw(t, "language"),
			},
			AuthDate:   signedAt,
			StartParam: rapid.StringMatching(`[A-Za-z0-9_-]{0,64}`).Draw(t, "start param"),
		}
		got, err := verifier.InitData(telegram.SignInitData(token, params), signedAt)
		if err != nil {
			t.Fatal(err)
		}
		if got.User != params.User || got.StartParam != params.StartParam {
			t.Fatalf("got %#v, want %#v", got, params)
		}
	})
}

// A changed string may still say the same, as "%2b" for "%2B" does; whatever
// says anything else is refused.
func TestInitDataChangedByOneByteIsRefused(t *testing.T) {
	verifier := newVerifier(t, limits, token)
	raw := telegram.SignInitData(token, anna)
	said := fieldsOf(t, raw)
	same, changed := 0, 0
	try := func(mutant string) {
		t.Helper()
		data, err := verifier.InitData(mutant, signedAt)
		if err != nil {
			reasonOf(t, err)
			changed++
			return
		}
		if got := fieldsOf(t, mutant); !reflect.DeepEqual(got, said) || data.User != anna.User {
			t.Fatalf("accepted %q", mutant)
		}
		same++
	}
	for i := range len(raw) {
		for bit := range 8 {
			try(raw[:i] + string([]byte{raw[i] ^ 1<<bit}) + raw[i+1:])
		}
		try(raw[:i] + raw[i+1:])
		try(raw[:i])
		for _, extra := range "&=%+0a\n\x00\u00e9" {
			try(raw[:i] + string(extra) + raw[i:])
		}
	}
	if changed < 15*len(raw) || same > len(raw) {
		t.Errorf("%d mutants refused, %d accepted as equal, of %d bytes", changed, same, len(raw))
	}
}

func TestInitDataWithPairsChangedIsRefused(t *testing.T) {
	verifier := newVerifier(t, limits, token)
	raw := telegram.SignInitData(token, anna)
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		without := strings.Join(append(append([]string{}, pairs[:i]...), pairs[i+1:]...), "&")
		for change, mutant := range map[string]string{
			"removed":            without,
			"emptied":            without + "&" + name + "=",
			"twice":              raw + "&" + pair,
			"twice, first empty": name + "=&" + raw,
			"twice, other value": raw + "&" + name + "=1",
			"renamed":            without + "&x" + pair,
			"escaped name twice": raw + "&%" + fmt.Sprintf("%X", name[0]) + pair[1:],
			"in upper case":      without + "&" + strings.ToUpper(name) + pair[len(name):],
			"another one":        raw + "&new_" + pair,
			"ends with &":        raw + "&",
			"begins with &":      "&" + raw,
			"no name":            raw + "&=1",
		} {
			if _, err := verifier.InitData(mutant, signedAt); err == nil {
				t.Errorf("%s %s: accepted", name, change)
			}
		}
		if data, err := verifier.InitData(pair+"&"+without, signedAt); err != nil || data.User != anna.User {
			t.Errorf("%s moved to the front: %v; the order of the pairs is free", name, err)
		}
	}
}

func TestInitDataIsRefusedForTheRuleItBreaks(t *testing.T) {
	const date, user = "auth_date=1795165200", "user=%7B%22id%22%3A5%7D"
	signed := func(unsigned string) string { return unsigned + "&hash=" + webAppHash(unsigned) }
	withUser := func(text string) string { return signed(date + "&user=" + url.QueryEscape(text)) }
	long := strings.Repeat("x", telegram.MaxInitData)

	for name, c := range map[string]struct {
		raw  string
		want telegram.Reason
	}{
		"too long":                     {signed(date + "&" + user + "&x=" + long), telegram.Malformed},
		"a part without =":             {signed(date+"&"+user) + "&x", telegram.Malformed},
		"a lone percent":               {signed(date+"&"+user) + "&x=%", telegram.Malformed},
		"a name of 65":                 {signed(date + "&" + user + "&" + long[:65] + "=1"), telegram.Malformed},
		"carriage return":              {signed(date + "&" + user + "&x=%0D"), telegram.Malformed},
		"NUL":                          {signed(date + "&" + user + "&x=%00"), telegram.Malformed},
		"control character":            {signed(date + "&" + user + "&x=%1B"), telegram.Malformed},
		"no UTF-8":                     {signed(date + "&" + user + "&x=%FF"), telegram.Malformed},
		"hash digits in upper case":    {date + "&" + user + "&hash=" + strings.ToUpper(webAppHash(date+"&"+user)), telegram.BadHash},
		"empty hash":                   {date + "&" + user + "&hash=", telegram.BadHash},
		"hash with spaces":             {signed(date+"&"+user) + "+", telegram.BadHash},
		"only a hash":                  {signed("x=1"), telegram.MissingAuthDate},
		"empty auth_date":              {signed("auth_date=&" + user), telegram.BadAuthDate},
		"auth_date with sign":          {signed("auth_date=%2B1795165200&" + user), telegram.BadAuthDate},
		"negative auth_date":           {signed("auth_date=-1&" + user), telegram.BadAuthDate},
		"other digits":                 {signed("auth_date=%D9%A1&" + user), telegram.BadAuthDate},
		"13 digits":                    {signed("auth_date=1795165200000&" + user), telegram.BadAuthDate},
		"the year 33658":               {signed("auth_date=999999999999&" + user), telegram.Future},
		"1970":                         {signed("auth_date=0&" + user), telegram.Expired},
		"no user":                      {signed(date), telegram.MissingUser},
		"user empty":                   {withUser(``), telegram.BadUser},
		"user is null":                 {withUser(`null`), telegram.BadUser},
		"user is a number":             {withUser(`5`), telegram.BadUser},
		"user is a string":             {withUser(`"{\"id\":5}"`), telegram.BadUser},
		"user without id":              {withUser(`{"first_name":"x"}`), telegram.BadUser},
		"id null":                      {withUser(`{"id":null}`), telegram.BadUser},
		"id as text":                   {withUser(`{"id":"5"}`), telegram.BadUser},
		"id negative":                  {withUser(`{"id":-5}`), telegram.BadUser},
		"id with exponent":             {withUser(`{"id":5e0}`), telegram.BadUser},
		"id 2^52":                      {withUser(`{"id":4503599627370496}`), telegram.BadUser},
		"id beyond 64 bits":            {withUser(`{"id":18446744073709551621}`), telegram.BadUser},
		"id as object":                 {withUser(`{"id":{"id":5}}`), telegram.BadUser},
		"id under another name":        {withUser(`{"ID":5}`), telegram.BadUser},
		"two ids":                      {withUser(`{"id":5,"id":6}`), telegram.BadUser},
		"two ids, one escaped":         {withUser(`{"id":5,"\u0069d":6}`), telegram.BadUser},
		"two names deep inside":        {withUser(`{"id":5,"x":[{"a":1,"a":2}]}`), telegram.BadUser},
		"two unknown names":            {withUser(`{"id":5,"x":1,"x":1}`), telegram.BadUser},
		"nested too deep":              {withUser(`{"id":5,"x":` + nested(16) + `}`), telegram.BadUser},
		"text after the user":          {withUser(`{"id":5} {}`), telegram.BadUser},
		"JSON with a comma at the end": {withUser(`{"id":5,}`), telegram.BadUser},
		"name is no text":              {withUser(`{"id":5,"first_name":7}`), telegram.BadUser},
		"a bot":                        {withUser(`{"id":5,"is_bot":true}`), telegram.BadUser},
		"is_bot is no boolean":         {withUser(`{"id":5,"is_bot":"false"}`), telegram.BadUser},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newVerifier(t, limits, token).InitData(c.raw, signedAt)
			if got := reasonOf(t, err); got != c.want {
				t.Errorf("refused as %q, want %q", got, c.want)
			}
			if strings.Contains(err.Error(), "5") {
				t.Errorf("the error %q tells from the data", err)
			}
		})
	}
	for name, raw := range map[string]string{
		"as long as allowed": signed(date + "&" + user + "&x=" + long[:telegram.MaxInitData-len(signed(date+"&"+user+"&x="))]),
		"only what it must":  signed(date + "&" + user),
		"empty fields":       signed(date + "&start_param=&" + user),
		"unknown members":    withUser(`{"id":5,"is_bot":false,"ID":6,"first_name":null,"x":[{"a":1},{"a":2},1e999]}`),
		"nested":             withUser(`{"id":5,"x":` + nested(15) + `}`),
		"a space around":     withUser(" {\"id\" : 5 } "),
	} {
		t.Run(name, func(t *testing.T) {
			if data, err := newVerifier(t, limits, token).InitData(raw, signedAt); err != nil || data.User.ID != 5 {
				t.Errorf("got user %d, %v", data.User.ID, err)
			}
		})
	}
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestAgeIsJudgedToTheSecondAndOnlyBehindAGoodHash(t *testing.T) {
	verifier := newVerifier(t, limits, token)
	raw := telegram.SignInitData(token, anna)
	for _, c := range []struct {
		now  time.Time
		want telegram.Reason
	}{
		{signedAt.Add(24 * time.Hour), ""},
		{signedAt.Add(24*time.Hour + time.Second), telegram.Expired},
		{signedAt.Add(-time.Minute), ""},
		{signedAt.Add(-time.Minute - time.Second), telegram.Future},
		{time.Time{}, telegram.Future},
		{time.Unix(1<<40, 0), telegram.Expired},
	} {
		_, err := verifier.InitData(raw, c.now)
		if c.want == "" {
			if err != nil {
				t.Errorf("at %v: %v", c.now, err)
			}
		} else if got := reasonOf(t, err); got != c.want {
			t.Errorf("at %v: refused as %q, want %q", c.now, got, c.want)
		}
		_, err = verifier.InitData(strings.Replace(raw, "4242424242", "4242424243", 1), c.now)
		if got := reasonOf(t, err); got != telegram.BadHash {
			t.Errorf("forged, at %v: refused as %q, want %q", c.now, got, telegram.BadHash)
		}
	}
}

func TestEachListedTokenVerifiesAndNoOther(t *testing.T) {
	other := "700000002:AAMadeUpTokenOnlyForTests_222222222222"
	verifier := newVerifier(t, limits, token, oldToken, other)
	for signer, wantBot := range map[string]int64{token: 700000001, oldToken: 700000001, other: 700000002} {
		data, err := verifier.InitData(telegram.SignInitData(signer, anna), signedAt)
		if err != nil || data.BotID != wantBot {
			t.Errorf("bot %d, %v; want %d", data.BotID, err, wantBot)
		}
		login, err := verifier.Widget(telegram.SignWidget(signer, anna), signedAt)
		if err != nil || login.BotID != wantBot {
			t.Errorf("widget: bot %d, %v; want %d", login.BotID, err, wantBot)
		}
	}
	stranger := telegram.SignInitData(token+"x", anna)
	if _, err := verifier.InitData(stranger, signedAt); reasonOf(t, err) != telegram.BadHash {
		t.Error(err)
	}
}

func TestVerifierNeedsTokensAndSaneLimits(t *testing.T) {
	for name, c := range map[string]struct {
		tokens []string
		limits telegram.Limits
	}{
		"no token":      {nil, limits},
		"empty token":   {[]string{token, ""}, limits},
		"negative age":  {[]string{token}, telegram.Limits{MaxAge: -1}},
		"negative skew": {[]string{token}, telegram.Limits{MaxSkew: -1}},
	} {
		if _, err := telegram.NewVerifier(c.tokens, c.limits); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAPersonNeverReachesALog(t *testing.T) {
	verifier := newVerifier(t, limits, token)
	data, err := verifier.InitData(telegram.SignInitData(token, anna), signedAt)
	if err != nil {
		t.Fatal(err)
	}
	login, err := verifier.Widget(telegram.SignWidget(token, anna), signedAt)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
		slog.New(handler).Info("sign-in", "user", data.User, "init_data", data, "widget", login)
	}
	fmt.Fprintf(&logged, "%v %+v %s %v %+v %v", data.User, data.User, data.User, data, data, login)
	for _, secret := range []string{"4242424242", "Анна", "Hara", "anna_1"} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("%s in %s", secret, &logged)
		}
	}
}

// fieldsOf does not use url.ParseQuery, which refuses ";" where browsers do not.
func fieldsOf(tb testing.TB, raw string) url.Values {
	tb.Helper()
	values := url.Values{}
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			tb.Fatal(nameErr, valueErr)
		}
		values.Add(name, value)
	}
	return values
}
