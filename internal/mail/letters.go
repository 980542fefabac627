package mail

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"maska/internal/locale"
	"maska/internal/session"
)

//go:embed letters/*.txt
var letterFiles embed.FS

// letters are the texts of all kinds: for each language a file, in it for each kind a template
// "kind.subject" and one "kind.text".
type letters struct {
	byLanguage map[locale.Lang]*template.Template
}

func readLetters() (*letters, error) {
	l := &letters{byLanguage: map[locale.Lang]*template.Template{}}
	for _, lang := range locale.All() {
		t, err := template.New("").ParseFS(letterFiles, "letters/"+string(lang)+".txt")
		if err != nil {
			return nil, err
		}
		l.byLanguage[lang] = t
	}
	return l, nil
}

// The pages of the app that mails lead to. The token stands behind the #, which browsers send to no
// server, so that it is in nobody's log.
const (
	verifyPage = "/verify-email#token="
	resetPage  = "/reset-password#token="
)

// write puts a letter into words.
func (l *letters) write(letter session.Letter, publicURL string) (Message, error) {
	texts, ok := l.byLanguage[letter.Language]
	if !ok {
		return Message{}, fmt.Errorf("mail: no letters in language %q", letter.Language)
	}
	values := struct{ Link, Code, Device, Country, Site string }{Code: letter.Code, Device: letter.Device, Country: letter.Country, Site: publicURL}
	switch letter.Kind {
	case session.LetterVerify, session.LetterClaim:
		values.Link = publicURL + verifyPage + letter.Token
	case session.LetterReset:
		values.Link = publicURL + resetPage + letter.Token
	default:
	}
	m := Message{To: letter.To}
	for part, into := range map[string]*string{".subject": &m.Subject, ".text": &m.Text} {
		var text strings.Builder
		if err := texts.ExecuteTemplate(&text, string(letter.Kind)+part, values); err != nil {
			return Message{}, err
		}
		*into = strings.TrimSpace(text.String())
	}
	m.Text += "\n"
	return m, nil
}
