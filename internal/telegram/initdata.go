package telegram

import (
	"log/slog"
	"time"
)

// MaxInitData is the longest raw initData in bytes that is looked at; genuine
// ones have 300 to 1,500.
const MaxInitData = 16 << 10

// InitData is what a checked initData says.
type InitData struct {
	User     User
	AuthDate time.Time // when Telegram signed, UTC
	// StartParam was chosen by whoever made the link. The signature says that
	// Telegram passed it on, not that it is true.
	StartParam string
	BotID      int64  // the bot that verified, 0 if its token names none
	HashPrefix string // the first 16 hex digits of the proof, by which its uses are counted
}

// LogValue keeps the person out of logs.
func (InitData) LogValue() slog.Value { return slog.StringValue(redacted) }

// InitData checks raw, the query string that Telegram hands to the page, with
// the bot tokens (auth contract section 5). It must be unchanged since Telegram
// made it. A refusal is an [*Error].
func (v *Verifier) InitData(raw string, now time.Time) (InitData, error) {
	parsed, err := parseFields(raw)
	if err != nil {
		return InitData{}, err
	}
	hash, ok := parsed.get("hash")
	if !ok {
		return InitData{}, refuse(MissingHash)
	}
	mac, ok := parseHash(hash)
	if !ok {
		return InitData{}, refuse(BadHash)
	}
	// "signature" stays in: Telegram hashes it like any other field.
	signer, ok := v.signer(parsed.checkString("", "hash"), mac, func(b bot) []byte { return b.webApp })
	if !ok {
		return InitData{}, refuse(BadHash)
	}
	data, err := readInitData(parsed, v.limits, now)
	if err != nil {
		return InitData{}, err
	}
	data.BotID = signer.id
	data.HashPrefix = hash[:prefixLen]
	return data, nil
}

// readInitData applies the rules that follow a good signature.
func readInitData(signed fields, limits Limits, now time.Time) (InitData, error) {
	dateText, ok := signed.get("auth_date")
	if !ok {
		return InitData{}, refuse(MissingAuthDate)
	}
	authDate, ok := parseAuthDate(dateText)
	if !ok {
		return InitData{}, refuse(BadAuthDate)
	}
	if err := limits.check(authDate, now); err != nil {
		return InitData{}, err
	}
	userText, ok := signed.get("user")
	if !ok { // a launch from inline mode or a reply keyboard may carry none
		return InitData{}, refuse(MissingUser)
	}
	user, ok := parseUser([]byte(userText))
	if !ok {
		return InitData{}, refuse(BadUser)
	}
	startParam, _ := signed.get("start_param")
	return InitData{User: user, AuthDate: time.Unix(authDate, 0).UTC(), StartParam: startParam}, nil
}

// parseUser reads the JSON of the user field. Bots do not sign in.
func parseUser(data []byte) (User, bool) {
	var user User
	found, err := members(data)
	if err != nil {
		return User{}, false
	}
	for _, m := range found {
		ok := true
		switch m.name {
		case "id":
			user.ID, ok = parseUserID(string(m.value))
		case "is_bot":
			ok = string(m.value) == "false" || string(m.value) == "null"
		case "first_name":
			ok = m.into(&user.FirstName)
		case "last_name":
			ok = m.into(&user.LastName)
		case "username":
			ok = m.into(&user.Username)
		case "language_code":
			ok = m.into(&user.LanguageCode)
		}
		if !ok {
			return User{}, false
		}
	}
	return user, user.ID != 0
}
