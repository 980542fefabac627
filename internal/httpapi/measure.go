package httpapi

import (
	"net/http"
	"time"
)

// Measured tells what became of a request: its route, such as "GET /api/rooms/{id}", never its path,
// and how long it took.
type Measured func(route string, status int, took time.Duration)

// measure tells of every request but those of sockets, which have measures of their own.
func (a *API) measure(next http.Handler) http.Handler {
	if a.measured == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		noting := &statusNote{ResponseWriter: w, status: http.StatusInternalServerError} // of a panic, which is answered further out
		defer func() {
			route := r.Pattern
			if route == everywhere {
				route = "unknown"
			}
			a.measured(route, noting.status, time.Since(began))
		}()
		next.ServeHTTP(noting, r)
		noting.end()
	})
}

// everywhere is the pattern of what is asked for outside of every route.
const everywhere = "/"

// statusNote notes the status of an answer.
type statusNote struct {
	http.ResponseWriter
	status  int
	decided bool
}

func (n *statusNote) WriteHeader(status int) {
	if !n.decided && status >= http.StatusOK { // those below announce another
		n.status, n.decided = status, true
	}
	n.ResponseWriter.WriteHeader(status)
}

func (n *statusNote) Write(b []byte) (int, error) {
	n.end()
	return n.ResponseWriter.Write(b)
}

// end notes what net/http says when a handler has said nothing.
func (n *statusNote) end() {
	if !n.decided {
		n.status, n.decided = http.StatusOK, true
	}
}

// Unwrap is for http.ResponseController.
func (n *statusNote) Unwrap() http.ResponseWriter { return n.ResponseWriter }
