package httpapi

import (
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/telegram"
	"maska/internal/view"
)

// Dev is the door of dev mode: it signs launch data for made-up people, and everything behind it is
// the real path. It exists only while no bot token is set (decision 40).
type Dev struct {
	Token string // the server's own bot token, derived from its root key
	Now   func() time.Time
}

// firstPerson is the Telegram id of person 1; the others follow.
const firstPerson = 100_000

// devLanguages are those of persons 1, 2, 3, 1, …
var devLanguages = []locale.Lang{locale.English, locale.Russian, locale.Chinese}

func (a *API) mountDev(mux *http.ServeMux) {
	mux.HandleFunc("GET /dev", func(w http.ResponseWriter, r *http.Request) { a.page(w, r, a.app.dev) })
	for _, o := range []operation{
		op(http.MethodGet, "/dev/people", public, "Who can be opened as", (*API).devPeople),
		op(http.MethodPost, "/dev/launch", public, "Sign launch data as Telegram does", (*API).devLaunch),
	} {
		mux.HandleFunc(o.method+" "+o.path, a.serve(o))
	}
}

type devPerson struct {
	Person   int           `json:"person"`
	Language locale.Lang   `json:"language"`
	Mask     *view.Profile `json:"mask"`
}

type devPeople struct {
	People []devPerson `json:"people"`
}

func (a *API) devPeople(c *call, _ struct{}) (devPeople, error) {
	var answer devPeople
	for i, lang := range devLanguages {
		person := devPerson{Person: i + 1, Language: lang}
		mask, found, err := a.sessions.MaskOfTelegram(c.Context(), firstPerson+int64(i))
		if err != nil {
			return devPeople{}, err
		}
		if found {
			shown := view.NewProfile(mask)
			person.Mask = &shown
		}
		answer.People = append(answer.People, person)
	}
	return answer, nil
}

type devLaunchBody struct {
	Person     int    `json:"person"`
	Theme      string `json:"theme"`
	StartParam string `json:"startParam"`
	Stale      bool   `json:"stale"`
}

type devLaunch struct {
	URL string `json:"url"`
}

// themes are what Telegram's clients send for a light, a dark and a tinted theme.
var devThemes = map[string]map[string]string{
	"light": {
		"bg_color": "#ffffff", "secondary_bg_color": "#eff1f6", "text_color": "#12161c", "hint_color": "#8e8e93", "link_color": "#1a68bd",
		"button_color": "#1f6fc9", "button_text_color": "#ffffff", "header_bg_color": "#ffffff", "section_bg_color": "#ffffff",
		"accent_text_color": "#1a68bd", "section_header_text_color": "#1a68bd", "subtitle_text_color": "#8e8e93", "destructive_text_color": "#c62b34",
		"bottom_bar_bg_color": "#ffffff", "section_separator_color": "#dfe1e6",
	},
	"dark": {
		"bg_color": "#17202a", "secondary_bg_color": "#0f161e", "text_color": "#f3f6fa", "hint_color": "#93a1b1", "link_color": "#74b6ff",
		"button_color": "#3273c4", "button_text_color": "#ffffff", "header_bg_color": "#17202a", "section_bg_color": "#1c2733",
		"accent_text_color": "#74b6ff", "section_header_text_color": "#74b6ff", "subtitle_text_color": "#93a1b1", "destructive_text_color": "#ff8a85",
		"bottom_bar_bg_color": "#17202a", "section_separator_color": "#0f161e",
	},
	"tinted": {
		"bg_color": "#1d2733", "secondary_bg_color": "#141d26", "text_color": "#ffffff", "hint_color": "#7d8b99", "link_color": "#5eb5f7",
		"button_color": "#50a8eb", "button_text_color": "#ffffff", "header_bg_color": "#242f3d", "section_bg_color": "#1d2733",
		"accent_text_color": "#64b5ef", "section_header_text_color": "#79c4fc", "subtitle_text_color": "#7d8b99", "destructive_text_color": "#ee686f",
		"bottom_bar_bg_color": "#242f3d", "section_separator_color": "#101921",
	},
}

// devLaunch makes the address that Telegram would open, launch parameters and all.
func (a *API) devLaunch(_ *call, in devLaunchBody) (devLaunch, error) {
	theme, known := devThemes[in.Theme]
	switch {
	case in.Person < 1 || in.Person > math.MaxInt32:
		return devLaunch{}, errs.Invalid("person", errs.OutOfRange)
	case !known:
		return devLaunch{}, errs.Invalid("theme", errs.OutOfRange)
	case len(in.StartParam) > 512:
		return devLaunch{}, errs.Invalid("startParam", errs.TooLong)
	}
	colours, err := json.Marshal(theme, json.Deterministic(true))
	if err != nil {
		return devLaunch{}, err
	}
	signed := a.cfg.Dev.Now()
	if in.Stale {
		signed = signed.Add(-48 * time.Hour)
	}
	initData := telegram.SignInitData(a.cfg.Dev.Token, telegram.SignParams{
		User: telegram.User{
			ID: firstPerson + int64(in.Person) - 1, FirstName: "Person", LastName: "Dev",
			LanguageCode: string(devLanguages[(in.Person-1)%len(devLanguages)]),
		},
		AuthDate: signed, StartParam: in.StartParam, QueryID: "dev",
	})
	query := url.Values{}
	if in.StartParam != "" {
		query.Set("tgWebAppStartParam", in.StartParam)
	}
	fragment := url.Values{
		"tgWebAppData": {initData}, "tgWebAppVersion": {"9.1"}, "tgWebAppPlatform": {"web"}, "tgWebAppThemeParams": {string(colours)},
	}
	address := "/"
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return devLaunch{URL: address + "#" + fragment.Encode()}, nil
}
