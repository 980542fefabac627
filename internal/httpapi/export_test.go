package httpapi

import (
	"log/slog"
	"net/http"
	"reflect"
	"strings"
)

// InTime bounds the times of a handler's requests.
func InTime(next http.Handler) http.Handler {
	return (&API{log: slog.New(slog.DiscardHandler)}).inTime(next)
}

// Route is an operation as its callers see it.
type Route struct {
	Method, Path string
	Queries      []string
	Members      map[string]reflect.Type // of the body, by name
}

// Routes lists all operations.
func Routes() (all []Route) {
	for _, o := range operations() {
		r := Route{Method: o.method, Path: o.path, Members: map[string]reflect.Type{}}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(o.in)) {
			if name := field.Tag.Get("query"); name != "" {
				r.Queries = append(r.Queries, name)
			}
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
				r.Members[name] = field.Type
			}
		}
		all = append(all, r)
	}
	return all
}
