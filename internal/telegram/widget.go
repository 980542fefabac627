package telegram

import (
	"log/slog"
	"time"
)

// MaxWidget is the longest widget body in bytes that is looked at: the body
// limit of the auth routes, because deviceInfo in it may be of any length.
const MaxWidget = 64 << 10

// WidgetLogin is what checked data of the login widget says.
type WidgetLogin struct {
	User       User
	AuthDate   time.Time // when Telegram signed, UTC
	BotID      int64     // the bot that verified, 0 if its token names none
	HashPrefix string    // the first 16 hex digits of the proof, by which its uses are counted
}

// LogValue keeps the person out of logs.
func (WidgetLogin) LogValue() slog.Value { return slog.StringValue(redacted) }

// Widget checks body, the JSON object of the login widget or of a login URL
// (auth contract section 5). A refusal is an [*Error]; what is wrong with the
// shape of a field is told before the hash is looked at.
func (v *Verifier) Widget(body []byte, now time.Time) (WidgetLogin, error) {
	form, err := parseWidget(body)
	if err != nil {
		return WidgetLogin{}, err
	}
	key := func(b bot) []byte { return b.widget }
	// Telegram may add fields that we do not know, and clients may add their
	// own: only the hash can tell which.
	signer, ok := v.signer(form.received.checkString(""), form.mac, key)
	if !ok && len(form.known) < len(form.received) {
		signer, ok = v.signer(form.known.checkString(""), form.mac, key)
	}
	if !ok {
		return WidgetLogin{}, refuse(BadHash)
	}
	if err := v.limits.check(form.authDate, now); err != nil {
		return WidgetLogin{}, err
	}
	return WidgetLogin{
		User:       form.user,
		AuthDate:   time.Unix(form.authDate, 0).UTC(),
		BotID:      signer.id,
		HashPrefix: form.hash[:prefixLen],
	}, nil
}

type widgetForm struct {
	user     User
	authDate int64
	hash     string
	mac      []byte
	received fields // all that may be signed
	known    fields // those of them that we know to be Telegram's
}

func parseWidget(body []byte) (widgetForm, error) {
	if len(body) > MaxWidget {
		return widgetForm{}, refuse(Malformed)
	}
	found, err := members(body)
	if err != nil {
		return widgetForm{}, err
	}
	var form widgetForm
	for _, m := range found {
		if err := form.add(m); err != nil {
			return widgetForm{}, err
		}
	}
	if err := form.complete(); err != nil {
		return widgetForm{}, err
	}
	return form, nil
}

// add takes one member in, and keeps what may be part of the check string.
func (form *widgetForm) add(m member) error {
	if m.name == "deviceInfo" { // ours, not Telegram's
		return nil
	}
	known, err := form.bind(m)
	if err != nil {
		return err
	}
	text, ok := m.text()
	switch {
	case !ok || text == "" || m.name == "hash":
		return nil
	case !plainText(text) || !plainText(m.name):
		return refuse(Malformed)
	case !plainName(m.name): // no name of Telegram's, and "=" in it would shift the check string
		return nil
	}
	form.received = append(form.received, field{m.name, text})
	if known {
		form.known = append(form.known, field{m.name, text})
	}
	return nil
}

// bind reads a member that we know, and refuses one of the wrong type. Empty and
// null count as absent.
func (form *widgetForm) bind(m member) (known bool, err error) {
	text, ok := m.text()
	absent := ok && text == ""
	wrong := BadUser
	switch m.name {
	case "id":
		if !absent {
			form.user.ID, ok = parseUserID(text)
		}
	case "auth_date":
		wrong = BadAuthDate
		if !absent {
			form.authDate, ok = parseAuthDate(text)
		}
	case "hash":
		wrong = BadHash
		if !absent {
			form.hash = text
			form.mac, ok = parseHash(text)
		}
	case "first_name":
		ok = m.into(&form.user.FirstName)
	case "last_name":
		ok = m.into(&form.user.LastName)
	case "username":
		ok = m.into(&form.user.Username)
	case "photo_url":
		ok = m.into(&text)
	default:
		return false, nil
	}
	if !ok {
		return true, refuse(wrong)
	}
	return true, nil
}

// complete reports the first required field that is absent.
func (form *widgetForm) complete() error {
	_, dated := form.known.get("auth_date")
	switch {
	case form.hash == "":
		return refuse(MissingHash)
	case !dated:
		return refuse(MissingAuthDate)
	case form.user.ID == 0 || form.user.FirstName == "":
		return refuse(MissingUser)
	}
	return nil
}

// text is the value as it stands in a check string: a string decoded, a number
// as it is written, null as nothing. Other values cannot be signed.
func (m member) text() (text string, ok bool) {
	switch c := m.value[0]; {
	case c == '"', c == 'n':
		ok = m.into(&text)
		return text, ok
	case c == '-', c >= '0' && c <= '9':
		return string(m.value), true
	}
	return "", false
}
