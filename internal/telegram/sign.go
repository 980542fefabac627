package telegram

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SignParams is what a made proof says. Empty texts are left out.
type SignParams struct {
	User         User
	PhotoURL     string
	AuthDate     time.Time
	StartParam   string
	QueryID      string
	ChatType     string
	ChatInstance string
}

// SignInitData makes the initData that Telegram would hand to the page for the
// bot with this token: same fields, same escapes, a genuine hash. Its signature
// field has the right form, but only Telegram can make one that verifies.
func SignInitData(token string, p SignParams) string {
	signed := fields{
		{"auth_date", unixText(p.AuthDate)},
		{"chat_instance", p.ChatInstance},
		{"chat_type", p.ChatType},
		{"query_id", p.QueryID},
		{"signature", opaqueSignature(token, p)},
		{"start_param", p.StartParam},
		{"user", userJSON(p)},
	}
	signed = slices.DeleteFunc(signed, func(f field) bool { return f.value == "" })
	hash := hex.EncodeToString(sign(newBot(token).webApp, signed.checkString("")))

	var raw strings.Builder
	for _, f := range append(signed, field{"hash", hash}) {
		if raw.Len() > 0 {
			raw.WriteByte('&')
		}
		// Telegram writes a space as %20 here.
		raw.WriteString(f.name + "=" + strings.ReplaceAll(url.QueryEscape(f.value), "+", "%20"))
	}
	return raw.String()
}

// SignWidget makes the JSON body that the login widget's callback would give for
// the bot with this token. Only User (without its language), PhotoURL and
// AuthDate of p are in it.
func SignWidget(token string, p SignParams) []byte {
	signed := fields{
		{"auth_date", unixText(p.AuthDate)},
		{"first_name", p.User.FirstName},
		{"id", strconv.FormatInt(p.User.ID, 10)},
		{"last_name", p.User.LastName},
		{"photo_url", p.PhotoURL},
		{"username", p.User.Username},
	}
	signed = slices.DeleteFunc(signed, func(f field) bool { return f.value == "" })
	return marshal(struct {
		ID        int64  `json:"id"`
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name,omitempty"`
		Username  string `json:"username,omitempty"`
		PhotoURL  string `json:"photo_url,omitempty"`
		AuthDate  int64  `json:"auth_date"`
		Hash      string `json:"hash"`
	}{
		p.User.ID, p.User.FirstName, p.User.LastName, p.User.Username, p.PhotoURL, p.AuthDate.Unix(),
		hex.EncodeToString(sign(newBot(token).widget, signed.checkString(""))),
	})
}

// userJSON is the user field; Telegram escapes the slashes in it.
func userJSON(p SignParams) string {
	text := marshal(struct {
		ID              int64  `json:"id"`
		FirstName       string `json:"first_name"`
		LastName        string `json:"last_name"`
		Username        string `json:"username,omitempty"`
		LanguageCode    string `json:"language_code,omitempty"`
		AllowsWriteToPM bool   `json:"allows_write_to_pm"`
		PhotoURL        string `json:"photo_url,omitempty"`
	}{p.User.ID, p.User.FirstName, p.User.LastName, p.User.Username, p.User.LanguageCode, true, p.PhotoURL})
	return strings.ReplaceAll(string(text), "/", `\/`)
}

// marshal encodes a struct of texts, numbers and booleans.
func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // such structs always encode, whatever the texts hold
	}
	return text
}

// opaqueSignature is 64 bytes in base64url that depend on who and when, as
// Telegram's do.
func opaqueSignature(token string, p SignParams) string {
	mac := hmac.New(sha512.New, []byte(token))
	mac.Write([]byte(unixText(p.AuthDate) + userJSON(p)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
