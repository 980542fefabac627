package telegram_test

import (
	"strings"
	"testing"

	"maska/internal/telegram"
)

func TestSignedWidgetNamesThePersonAndTheBot(t *testing.T) {
	got, err := newVerifier(t, limits, token).Widget(telegram.SignWidget(token, anna), signedAt)
	if err != nil {
		t.Fatal(err)
	}
	want := anna.User
	want.LanguageCode = "" // the widget does not tell it
	if got.User != want || !got.AuthDate.Equal(signedAt) || got.BotID != 700000001 || len(got.HashPrefix) != 16 {
		t.Errorf("got %#v", got)
	}
}

func TestTheTwoSchemesDoNotPassForOneAnother(t *testing.T) {
	verifier := newVerifier(t, limits, token)
	check := "auth_date=1795165200\nfirst_name=x\nid=5"
	asInitData := "auth_date=1795165200&user=%7B%22id%22%3A5%7D"
	asInitData += "&hash=" + widgetHash(token, checkText(asInitData))
	if _, err := verifier.InitData(asInitData, signedAt); reasonOf(t, err) != telegram.BadHash {
		t.Error(err)
	}
	fields := strings.ReplaceAll(check, "\n", "&")
	asWidget := `{"auth_date":1795165200,"first_name":"x","id":5,"hash":"` + webAppHash(fields) + `"}`
	if _, err := verifier.Widget([]byte(asWidget), signedAt); reasonOf(t, err) != telegram.BadHash {
		t.Error(err)
	}
}

const (
	widgetCheck = "auth_date=1795165200\nfirst_name=x\nid=5"
	widgetBody  = `"auth_date":1795165200,"first_name":"x","id":5`
)

// widget makes a body of the members and the hash of the check string.
func widget(members, check string) string {
	return `{` + members + `,"hash":"` + widgetHash(token, check) + `"}`
}

func TestWidgetIsAcceptedInEachGenuineForm(t *testing.T) {
	for name, body := range map[string]string{
		"numbers":            widget(widgetBody, widgetCheck),
		"texts":              widget(`"auth_date":"1795165200","first_name":"x","id":"5"`, widgetCheck),
		"any order, spaces":  " " + widget(` "id" : 5 , "first_name":"x",`+"\n"+`"auth_date":1795165200`, widgetCheck) + "\n",
		"escapes":            widget(`"\u0061uth_date":1795165200,"first_name":"\u0078","id":5`, widgetCheck),
		"empty is absent":    widget(widgetBody+`,"last_name":"","username":"","photo_url":""`, widgetCheck),
		"null is absent":     widget(widgetBody+`,"last_name":null,"username":null,"photo_url":null`, widgetCheck),
		"our deviceInfo":     widget(widgetBody+`,"deviceInfo":"Pixel\n8"`, widgetCheck),
		"a long deviceInfo":  widget(widgetBody+`,"deviceInfo":"`+strings.Repeat("x", 40<<10)+`"`, widgetCheck),
		"a new signed field": widget(widgetBody+`,"phone":"123"`, widgetCheck+"\nphone=123"),
		"a signed number":    widget(widgetBody+`,"level":7`, widgetCheck+"\nlevel=7"),
		"an unsigned field":  widget(widgetBody+`,"phone":"123"`, widgetCheck),
		"unsigned values":    widget(widgetBody+`,"a":{"b":[]},"c":[1],"d":true,"e":null,"f":"","G-h":"1"`, widgetCheck),
		"signed and not":     widget(widgetBody+`,"deviceInfo":"x","phone":"1","ok":true`, widgetCheck+"\nphone=1"),
		"name in other case": widget(widgetBody+`,"ID":6,"Hash":"x"`, widgetCheck),
	} {
		t.Run(name, func(t *testing.T) {
			login, err := newVerifier(t, limits, token).Widget([]byte(body), signedAt)
			if err != nil {
				t.Fatal(err)
			}
			if login.User != (telegram.User{ID: 5, FirstName: "x"}) {
				t.Errorf("got %#v", login)
			}
		})
	}
}

func TestWidgetIsRefusedForTheRuleItBreaks(t *testing.T) {
	genuine := widget(widgetBody, widgetCheck)
	for name, c := range map[string]struct {
		body string
		want telegram.Reason
	}{
		"empty":                 {``, telegram.Malformed},
		"too long":              {genuine + strings.Repeat(" ", telegram.MaxWidget), telegram.Malformed},
		"null":                  {`null`, telegram.Malformed},
		"an array":              {`[` + genuine + `]`, telegram.Malformed},
		"two values":            {genuine + genuine, telegram.Malformed},
		"cut off":               {genuine[:len(genuine)-1], telegram.Malformed},
		"no UTF-8":              {widget(widgetBody+",\"x\":\"\xff\"", widgetCheck), telegram.Malformed},
		"two ids":               {widget(widgetBody+`,"id":6`, widgetCheck), telegram.DuplicateKey},
		"two ids, one escaped":  {widget(widgetBody+`,"i\u0064":6`, widgetCheck), telegram.DuplicateKey},
		"two unknown names":     {widget(widgetBody+`,"x":6,"x":6`, widgetCheck), telegram.DuplicateKey},
		"two names deep inside": {widget(widgetBody+`,"x":[{"a":1,"a":1}]`, widgetCheck), telegram.DuplicateKey},
		"nested too deep":       {widget(widgetBody+`,"x":`+nested(16), widgetCheck), telegram.Malformed},
		"nested far too deep":   {widget(widgetBody+`,"x":`+nested(11000), widgetCheck), telegram.Malformed},
		"a field hidden in a name": {
			widget(`"auth_date":1795165200,"first_name":"x\nid=5","id":5`, widgetCheck+"\nid=5"), telegram.Malformed,
		},
		"a field hidden in another": {
			widget(`"auth_date":1795165200,"id":5,"first_name":"x","a":"1\nb=2"`, "a=1\nb=2\n"+widgetCheck), telegram.Malformed,
		},
		"carriage return":      {widget(`"auth_date":1795165200,"first_name":"x\r","id":5`, "auth_date=1795165200\nfirst_name=x\r\nid=5"), telegram.Malformed},
		"NUL":                  {widget(`"auth_date":1795165200,"first_name":"x\u0000","id":5`, "auth_date=1795165200\nfirst_name=x\x00\nid=5"), telegram.Malformed},
		"LF in a name":         {widget(widgetBody+`,"a\nb":"1"`, "a\nb=1\n"+widgetCheck), telegram.Malformed},
		"= moved into a name":  {widget(widgetBody+`,"username=a":"b"`, widgetCheck+"\nusername=a=b"), telegram.BadHash},
		"no hash":              {`{` + widgetBody + `}`, telegram.MissingHash},
		"hash null":            {`{` + widgetBody + `,"hash":null}`, telegram.MissingHash},
		"hash is a number":     {`{` + widgetBody + `,"hash":1}`, telegram.BadHash},
		"hash is an object":    {`{` + widgetBody + `,"hash":{}}`, telegram.BadHash},
		"hash digits upper":    {`{` + widgetBody + `,"hash":"` + strings.ToUpper(widgetHash(token, widgetCheck)) + `"}`, telegram.BadHash},
		"hash short":           {`{` + widgetBody + `,"hash":"` + widgetHash(token, widgetCheck)[1:] + `"}`, telegram.BadHash},
		"another token's hash": {`{` + widgetBody + `,"hash":"` + widgetHash(oldToken, widgetCheck) + `"}`, telegram.BadHash},
		"no auth_date":         {widget(`"first_name":"x","id":5`, "first_name=x\nid=5"), telegram.MissingAuthDate},
		"auth_date empty":      {widget(`"auth_date":"","first_name":"x","id":5`, "first_name=x\nid=5"), telegram.MissingAuthDate},
		"auth_date exponent":   {widget(`"auth_date":1e9,"first_name":"x","id":5`, "auth_date=1e9\nfirst_name=x\nid=5"), telegram.BadAuthDate},
		"auth_date fraction":   {widget(`"auth_date":5.0,"first_name":"x","id":5`, "auth_date=5.0\nfirst_name=x\nid=5"), telegram.BadAuthDate},
		"auth_date list":       {widget(`"auth_date":[1],"first_name":"x","id":5`, "first_name=x\nid=5"), telegram.BadAuthDate},
		"auth_date zero":       {widget(`"auth_date":0,"first_name":"x","id":5`, "auth_date=0\nfirst_name=x\nid=5"), telegram.Expired},
		"no id":                {widget(`"auth_date":1795165200,"first_name":"x"`, "auth_date=1795165200\nfirst_name=x"), telegram.MissingUser},
		"id null":              {widget(`"auth_date":1795165200,"first_name":"x","id":null`, "auth_date=1795165200\nfirst_name=x"), telegram.MissingUser},
		"no first name":        {widget(`"auth_date":1795165200,"id":5`, "auth_date=1795165200\nid=5"), telegram.MissingUser},
		"first name a number":  {widget(`"auth_date":1795165200,"first_name":7,"id":5`, "auth_date=1795165200\nfirst_name=7\nid=5"), telegram.BadUser},
		"last name an object":  {widget(widgetBody+`,"last_name":{}`, widgetCheck), telegram.BadUser},
		"photo a boolean":      {widget(widgetBody+`,"photo_url":true`, widgetCheck), telegram.BadUser},
		"id zero":              {widget(`"auth_date":1795165200,"first_name":"x","id":0`, "auth_date=1795165200\nfirst_name=x\nid=0"), telegram.BadUser},
		"id with a zero":       {widget(`"auth_date":1795165200,"first_name":"x","id":"05"`, "auth_date=1795165200\nfirst_name=x\nid=05"), telegram.BadUser},
		"id with a sign":       {widget(`"auth_date":1795165200,"first_name":"x","id":"+5"`, "auth_date=1795165200\nfirst_name=x\nid=+5"), telegram.BadUser},
		"id with a space":      {widget(`"auth_date":1795165200,"first_name":"x","id":" 5"`, "auth_date=1795165200\nfirst_name=x\nid= 5"), telegram.BadUser},
		"id a fraction":        {widget(`"auth_date":1795165200,"first_name":"x","id":5.0`, "auth_date=1795165200\nfirst_name=x\nid=5.0"), telegram.BadUser},
		"id true":              {widget(`"auth_date":1795165200,"first_name":"x","id":true`, "auth_date=1795165200\nfirst_name=x\nid=true"), telegram.BadUser},
		"id 2^52":              {widget(`"auth_date":1795165200,"first_name":"x","id":4503599627370496`, "auth_date=1795165200\nfirst_name=x\nid=4503599627370496"), telegram.BadUser},
		"only id in upper case": {
			widget(`"auth_date":1795165200,"first_name":"x","ID":5`, widgetCheck), telegram.MissingUser,
		},
		"deviceInfo signed": {
			widget(widgetBody+`,"deviceInfo":"x"`, "auth_date=1795165200\ndeviceInfo=x\nfirst_name=x\nid=5"), telegram.BadHash,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newVerifier(t, limits, token).Widget([]byte(c.body), signedAt)
			if got := reasonOf(t, err); got != c.want {
				t.Errorf("refused as %q, want %q", got, c.want)
			}
		})
	}
}

func TestWidgetChangedByOneByteIsRefused(t *testing.T) {
	verifier := newVerifier(t, limits, token)
	body := string(telegram.SignWidget(token, anna))
	want, err := verifier.Widget([]byte(body), signedAt)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	try := func(mutant string) {
		t.Helper()
		got, err := verifier.Widget([]byte(mutant), signedAt)
		switch {
		case err != nil:
			reasonOf(t, err)
			refused++
		case got != want: // "\u003C" for "\u003c", a space between members
			t.Fatalf("accepted %s", mutant)
		}
	}
	for i := range len(body) {
		for bit := range 8 {
			try(body[:i] + string([]byte{body[i] ^ 1<<bit}) + body[i+1:])
		}
		try(body[:i] + body[i+1:])
		try(body[:i])
		try(body[:i] + "0" + body[i:])
	}
	if refused < 10*len(body) {
		t.Errorf("%d mutants refused of %d bytes", refused, len(body))
	}
}
