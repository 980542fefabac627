package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/session"
)

// access tells who may call a route.
type access int

const (
	public     access = iota // no token is looked at
	bearer                   // an access token of a live session
	fresh                    // the same, and its owner proved lately who he is
	lateBearer               // the same, but it may have expired; the handler checks it
	service                  // a secret of another service of the operator
)

// call is one request on its way through a handler.
type call struct {
	*http.Request
	lang   locale.Lang
	client session.Client
	actor  session.Actor // zero on public routes
	bearer string        // the token as sent
}

// operation is one route: what it does, who may call it, and what the API document says of it.
type operation struct {
	method, path string
	access       access
	summary      string
	in, out      any // zero values of what goes in and comes out
	status       int
	bodyless     bool // the body may be missing
	uncounted    bool // no limit holds: whoever looks after the server must not be refused
	fails        []errs.Code
	serve        func(o operation, a *API, w http.ResponseWriter, c *call) error
}

// op makes an operation of a function from In (members tagged json, path or query) to Out.
func op[In, Out any](method, path string, who access, summary string, do func(*API, *call, In) (Out, error), fails ...errs.Code) operation {
	return operation{
		method: method, path: path, access: who, summary: summary, in: *new(In), out: *new(Out), status: http.StatusOK, fails: fails,
		serve: func(o operation, a *API, w http.ResponseWriter, c *call) error {
			if who == public && !o.uncounted { // who needs no token is counted before he is listened to
				if err := a.admit(w, c, who); err != nil {
					return err
				}
			}
			var in In
			if method != http.MethodGet && hasJSON(reflect.TypeFor[In]()) {
				if err := decodeBody(w, c.Request, &in, o.bodyless); err != nil {
					return err
				}
			}
			if err := bindParameters(c.Request, reflect.ValueOf(&in).Elem()); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), answerLimit)
			defer cancel()
			c.Request = c.WithContext(ctx)
			if who != public {
				if err := a.admit(w, c, who); err != nil {
					return err
				}
			}
			out, err := do(a, c, in)
			if err != nil {
				return err
			}
			a.write(w, c.Request, o.status, out)
			return nil
		},
	}
}

// optionalBody lets an operation be called with no body at all.
func optionalBody(o operation) operation {
	o.bodyless = true
	return o
}

// noContent makes an operation answer 204 and nothing else.
func noContent(o operation) operation {
	o.status, o.out = http.StatusNoContent, nil
	return o
}

// answering makes an operation answer its success with another status than 200.
func answering(status int, o operation) operation {
	o.status = status
	return o
}

// answerLimit is how long an answer may take once the request is there, so that a database that hangs
// is said to be unavailable within two seconds (guarantee G10).
const answerLimit = 1800 * time.Millisecond

// forWatchers frees an operation from limits.
func forWatchers(o operation) operation {
	o.uncounted = true
	return o
}

func hasJSON(t reflect.Type) bool {
	for field := range t.Fields() {
		if field.Tag.Get("json") != "" {
			return true
		}
	}
	return false
}

// admit checks the token, and the limit that holds for every route: by account, or by address
// where there is none.
func (a *API) admit(w http.ResponseWriter, c *call, who access) error {
	if who == public {
		return a.limit(w, c, limit.IPKey(c.client.IP))
	}
	token, err := bearerToken(c.Request)
	if err != nil {
		return err
	}
	c.bearer = token
	if who == service {
		return errors.Join(a.limit(w, c, limit.IPKey(c.client.IP)), a.checkService(token))
	}
	if who == lateBearer {
		return a.limit(w, c, limit.IPKey(c.client.IP))
	}
	if c.actor, err = a.sessions.Authenticate(c.Context(), token); err != nil {
		return err
	}
	if err := a.limit(w, c, "account:"+strconv.FormatInt(int64(c.actor.Account.ID), 10)); err != nil || who != fresh {
		return err
	}
	return a.sessions.RequireFresh(c.Context(), c.actor)
}
