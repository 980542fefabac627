package httpapi

import (
	"log/slog"
	"net/http"
)

// InTime bounds the times of a handler's requests.
func InTime(next http.Handler) http.Handler {
	return (&API{log: slog.New(slog.DiscardHandler)}).inTime(next)
}
