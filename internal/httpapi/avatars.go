package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"maska/internal/errs"
	"maska/internal/profile"
)

// avatar serves the picture of a mask. It is drawn by us, holds no script and is the same for
// everybody; an erased mask has a neutral one (decision 34).
func (a *API) avatar(w http.ResponseWriter, r *http.Request) {
	text, isSVG := strings.CutSuffix(r.PathValue("file"), ".svg")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !isSVG || strconv.FormatInt(id, 10) != text {
		a.refuse(w, r, errs.New(errs.NotFound))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerLimit)
	defer cancel()
	svg, err := a.profiles.Picture(ctx, profile.ID(id))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", "public, max-age=86400")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the founding client shows it from another origin
	h.Set("Content-Length", strconv.Itoa(len(svg)))
	_, _ = w.Write(svg) // a reader that went away needs no answer
}
