package httpapi

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"maska/internal/errs"
	"maska/internal/locale"
)

// problem is the one body of every refusal (RFC 9457, auth contract section 8).
type problem struct {
	Type       string         `json:"type"`
	Title      string         `json:"title" description:"English, never localised"`
	Status     int            `json:"status"`
	Detail     string         `json:"detail" description:"localised"`
	Instance   string         `json:"instance"`
	Code       errs.Code      `json:"code" description:"the only thing programs may branch on"`
	Success    bool           `json:"success"`
	StatusCode int            `json:"statusCode"`
	Message    string         `json:"message"`
	Error      string         `json:"error"`
	RequestID  string         `json:"requestId"`
	Reason     string         `json:"reason,omitzero"`
	RetryAfter int            `json:"retryAfter,omitzero" description:"seconds"`
	Errors     []fieldProblem `json:"errors,omitzero"`
	MFAToken   string         `json:"mfa_token,omitzero" description:"with mfa_required"`
	Factors    []string       `json:"factors,omitzero" description:"with mfa_required: what the proof can be completed with"`
}

type fieldProblem struct {
	Field   string         `json:"field"`
	Code    errs.FieldCode `json:"code"`
	Message string         `json:"message"`
}

// defaultRetry is said with 503 when nothing better is known (guarantee G10: at most 2 s).
const defaultRetry = 2 * time.Second

// refuse answers with a problem. What caused it goes to the log, and nowhere else.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := errs.From(err)
	status := e.Code.Status()
	if r.Context().Err() == nil && status >= http.StatusInternalServerError {
		a.log.ErrorContext(r.Context(), "request failed", slog.String("requestId", requestID(r)), slog.String("route", r.Pattern), slog.Any("cause", err))
	}
	lang := a.language(r)
	p := problem{
		Type: a.cfg.PublicURL + "/problems/" + string(e.Code), Title: e.Code.Text(locale.English), Status: status, Detail: e.Code.Text(lang),
		Instance: strings.ToValidUTF8(r.URL.Path, "\uFFFD"), Code: e.Code, StatusCode: status, Message: e.Code.Text(lang), Error: e.Code.Text(locale.English),
		RequestID: requestID(r), Reason: e.Reason,
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, fieldProblem{Field: f.Field, Code: f.Code, Message: f.Code.Text(lang)})
	}
	if e.Challenge != nil {
		p.MFAToken, p.Factors = e.Challenge.Token, e.Challenge.Factors
	}
	wait := e.RetryAfter
	if wait == 0 && status == http.StatusServiceUnavailable {
		wait = defaultRetry
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		p.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110, section 15.5.2
	}
	w.Header().Set("Content-Type", "application/problem+json")
	a.write(w, r, status, p)
}

// write sends JSON. The headers that every JSON answer has are set here.
func (a *API) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	if status == http.StatusNoContent {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		return
	}
	text, err := json.Marshal(body)
	if err != nil {
		a.log.ErrorContext(r.Context(), "answer cannot be encoded", slog.String("route", r.Pattern), slog.Any("cause", err))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", string(a.language(r)))
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		a.log.DebugContext(r.Context(), "client went away", slog.String("requestId", requestID(r)))
	}
}

func (a *API) language(r *http.Request) locale.Lang {
	return locale.FromHeader(r.Header.Get("Accept-Language"), a.cfg.Locale)
}
