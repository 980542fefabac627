package telegram_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"maska/internal/telegram"
)

// Nobody can guess a hash, so a fuzzer alone never gets behind it: each target
// also signs what it is given and tries that.

func FuzzInitData(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Input)
	}
	f.Add(telegram.SignInitData(token, anna))
	f.Add("user=%7B%22id%22%3A1%7D&auth_date=0&00=;")
	verifier := newVerifier(f, telegram.Limits{MaxAge: 1 << 62, MaxSkew: 1 << 62}, token)
	f.Fuzz(func(t *testing.T, raw string) {
		unsigned, _, _ := strings.Cut(raw, "&hash=")
		for _, raw := range []string{raw, unsigned + "&hash=" + webAppHash(unsigned)} {
			data, err := verifier.InitData(raw, signedAt)
			if err != nil {
				reasonOf(t, err)
				continue
			}
			agree(t, raw, data)
			if got := fieldsOf(t, raw).Get("hash"); got != webAppHash(raw) {
				t.Fatalf("accepted the hash %q of %q", got, raw)
			}
		}
	})
}

func FuzzSignature(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Input)
	}
	everything := telegram.Limits{MaxAge: 1 << 62, MaxSkew: 1 << 62}
	f.Fuzz(func(t *testing.T, raw string) {
		unsigned, _, _ := strings.Cut(raw, "&signature=")
		for _, raw := range []string{raw, withSignature(unsigned)} {
			data, err := telegram.VerifySignature(raw, botID, publicKey(), everything, signedAt)
			if err != nil {
				reasonOf(t, err)
				continue
			}
			agree(t, raw, data)
		}
	})
}

// agree fails unless the standard library's lenient readers, to which nothing
// accepted may look different, read the same person from raw.
func agree(t *testing.T, raw string, data telegram.InitData) {
	t.Helper()
	values := fieldsOf(t, raw)
	for name, all := range values {
		if len(all) != 1 || strings.ContainsAny(name+all[0], "\n\r\x00") {
			t.Fatalf("accepted field %q %q", name, all)
		}
	}
	var user map[string]any
	dec := json.NewDecoder(strings.NewReader(values.Get("user")))
	dec.UseNumber()
	if err := dec.Decode(&user); err != nil {
		t.Fatal(err)
	}
	id, err := user["id"].(json.Number).Int64()
	if err != nil || id != data.User.ID || id <= 0 || id >= 1<<52 {
		t.Fatalf("user %d of %q", data.User.ID, raw)
	}
	if name, _ := user["first_name"].(string); name != data.User.FirstName {
		t.Fatalf("first name %q of %q", data.User.FirstName, raw)
	}
}

func FuzzWidget(f *testing.F) {
	for _, v := range readVectors(f) {
		if v.Kind == "login-widget" {
			f.Add([]byte(v.Input))
		}
	}
	f.Add([]byte(widget(widgetBody+`,"a":{"b":[]},"c":[1],"d":true,"e":null,"f":"","deviceInfo":"x"`, widgetCheck)))
	verifier := newVerifier(f, telegram.Limits{MaxAge: 1 << 62, MaxSkew: 1 << 62}, token)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, body := range [][]byte{body, signAgain(body)} {
			login, err := verifier.Widget(body, signedAt)
			if err != nil {
				reasonOf(t, err)
				continue
			}
			var got map[string]any
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("accepted %q: %v", body, err)
			}
			if login.User.ID <= 0 || login.User.ID >= 1<<52 || login.User.FirstName != got["first_name"] {
				t.Fatalf("read %#v from %q", login, body)
			}
		}
	})
}

// signAgain puts the hash over all texts and numbers of the object into it.
func signAgain(body []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return body
	}
	delete(members, "hash")
	signed := url.Values{}
	for name, value := range members {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		if name != "deviceInfo" && text != "" && strings.IndexByte("{[tf", value[0]) < 0 {
			signed.Set(name, text)
		}
	}
	hash, err := json.Marshal(widgetHash(token, checkText(signed.Encode())))
	if err != nil {
		return body
	}
	members["hash"] = hash
	again, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return again
}
