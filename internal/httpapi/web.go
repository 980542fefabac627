package httpapi

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"maska/internal/errs"
)

// webApp is the built web app, ready to be served.
type webApp struct {
	files   fs.FS
	index   htmlPage
	dev     htmlPage
	scripts string // CSP sources of the inline scripts
}

// openWebApp reads the pages of the build. The name and the number of the bot are written into them, so
// that a page opened outside of Telegram can lead there, and to Telegram's login.
func openWebApp(files fs.FS, cfg Config) (*webApp, error) {
	app := &webApp{files: files}
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, errNoWebApp
	}
	dev, err := fs.ReadFile(files, "dev.html")
	if err != nil {
		return nil, errNoWebApp
	}
	hashes, err := fs.ReadFile(files, "csp.json")
	if err != nil {
		return nil, errNoWebApp
	}
	var sources []string
	if err := json.Unmarshal(hashes, &sources); err != nil {
		return nil, fmt.Errorf("the web app's csp.json: %w", err)
	}
	for _, source := range sources {
		app.scripts += " '" + strings.Trim(source, "'") + "'"
	}
	for name, value := range map[string]string{"maska-bot": cfg.BotUsername, "maska-bot-id": cfg.BotID} {
		index = bytes.Replace(index, []byte(`<meta name="`+name+`" content="">`),
			[]byte(`<meta name="`+name+`" content="`+html.EscapeString(value)+`">`), 1)
	}
	if app.index, err = newPage(index); err != nil {
		return nil, err
	}
	app.dev, err = newPage(dev)
	return app, err
}

// htmlPage is a page as it is sent. It is compressed here and not by the build, because the name of
// the bot is written into it at start.
type htmlPage struct{ plain, gzipped []byte }

func newPage(plain []byte) (htmlPage, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	return htmlPage{plain: plain, gzipped: packed.Bytes()}, err
}

// screens matches whatever nothing else does: the app's own paths.
const screens = "GET /"

// reserved are first segments of paths that are no screens of the app, whether or not anything
// answers there.
var reserved = []string{"api", "assets", "auth", "avatar", "debug", "dev", "health", "livez", "media", "metrics", "problems", "readyz", "socket.io"}

// mountPages adds what is not JSON.
func (a *API) mountPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /avatar/{file}", a.avatar)
	mux.HandleFunc("GET /assets/", a.asset)
	mux.HandleFunc("GET /api/openapi.json", a.openapi)
	mux.HandleFunc("GET /docs", a.docs)
	mux.HandleFunc("GET /api/auth/oidc/{issuer}/callback", a.returned)
	mux.HandleFunc(screens, a.index)
	if a.cfg.Dev != nil {
		a.mountDev(mux)
	}
}

// index serves the app for every path that is a screen of it.
func (a *API) index(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	first, _, _ := strings.Cut(name, "/")
	if slices.Contains(reserved, first) || strings.Contains(r.URL.Path, "/.") || strings.Contains(path.Base(r.URL.Path), ".") {
		if info, err := fs.Stat(a.app.files, name); err == nil && !info.IsDir() && path.Ext(name) != ".html" && path.Ext(name) != ".json" {
			a.file(w, r, name, "public, max-age=3600")
			return
		}
		a.refuse(w, r, errs.New(errs.NotFound))
		return
	}
	a.page(w, r, a.app.index)
}

// page serves HTML with the policy of the app (decision 36).
func (a *API) page(w http.ResponseWriter, r *http.Request, p htmlPage) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'"+a.app.scripts+"; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "+
		"connect-src 'self'"+socketSource(r)+"; font-src 'self'; manifest-src 'self'; frame-ancestors 'self' https://web.telegram.org; base-uri 'none'; form-action 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Vary", "Accept-Encoding")
	body := p.plain
	if accepts(r, "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = p.gzipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a reader that went away needs no answer
}

var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)

// socketSource names our own socket for browsers whose 'self' does not cover WebSocket (before CSP 3).
func socketSource(r *http.Request) string {
	if !plainHost.MatchString(r.Host) {
		return ""
	}
	return " ws://" + r.Host + " wss://" + r.Host
}

// asset serves a file of the build whose name holds a hash of its content.
func (a *API) asset(w http.ResponseWriter, r *http.Request) {
	a.file(w, r, strings.TrimPrefix(r.URL.Path, "/"), "public, max-age=31536000, immutable")
}

// file serves one file, compressed if the build made such a copy and the client takes it.
func (a *API) file(w http.ResponseWriter, r *http.Request, name, caching string) {
	if !fs.ValidPath(name) {
		a.refuse(w, r, errs.New(errs.NotFound))
		return
	}
	h := w.Header()
	for _, copied := range []struct{ suffix, encoding string }{{".br", "br"}, {".gz", "gzip"}, {"", ""}} {
		if copied.encoding != "" && !accepts(r, copied.encoding) {
			continue
		}
		body, err := fs.ReadFile(a.app.files, name+copied.suffix)
		if err != nil {
			continue
		}
		if copied.encoding != "" {
			h.Set("Content-Encoding", copied.encoding)
		}
		h.Set("Vary", "Accept-Encoding")
		h.Set("Cache-Control", caching)
		h.Set("Content-Type", contentType(name))
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) //nolint:gosec // a file of our own build; a reader that went away needs no answer
		return
	}
	a.refuse(w, r, errs.New(errs.NotFound))
}

func contentType(name string) string {
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// accepts reports whether the client takes an encoding (RFC 9110, section 12.5.3).
func accepts(r *http.Request, encoding string) bool {
	for offer := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(offer), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}
