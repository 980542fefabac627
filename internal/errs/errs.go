// Package errs holds the kinds of failure that a caller can act on: a stable code for programs,
// a safe text in three languages for people, and the cause for the log.
package errs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Error is a refusal or a failure with a code. Nothing of its cause ever leaves the server.
type Error struct {
	Code Code
	// Reason refines some codes for programs, such as "expired"; empty for most.
	Reason string
	// RetryAfter tells when to try again; zero means that it makes no sense to wait.
	RetryAfter time.Duration
	// Fields lists what was wrong in the request, field by field.
	Fields []Field
	// Challenge comes with mfa_required: what the proof still lacks.
	Challenge *Challenge

	cause error
}

// Challenge lets a proof be completed by one of several factors. Its token is a secret.
type Challenge struct {
	Token   string
	Factors []string
}

// Field is one thing wrong with one field of a request.
type Field struct {
	Field string
	Code  FieldCode
}

// New returns an error of this kind.
func New(code Code) *Error { return &Error{Code: code} }

// Wrap returns an error of this kind with a cause for the log.
func Wrap(code Code, cause error) *Error { return &Error{Code: code, cause: cause} }

// Invalid returns validation_failed for one field.
func Invalid(field string, code FieldCode) *Error {
	return &Error{Code: ValidationFailed, Fields: []Field{{Field: field, Code: code}}}
}

// Limited returns rate_limited with the time to wait.
func Limited(retryAfter time.Duration) *Error {
	return &Error{Code: RateLimited, RetryAfter: retryAfter}
}

// WithReason returns a copy with a reason for programs.
func (e *Error) WithReason(reason string) *Error {
	c := *e
	c.Reason = reason
	return &c
}

func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(string(e.Code))
	if e.Reason != "" {
		fmt.Fprintf(&text, " (%s)", e.Reason)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&text, " %s: %s", f.Field, f.Code)
	}
	if e.cause != nil {
		fmt.Fprintf(&text, ": %v", e.cause)
	}
	return text.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is of the same kind, so that errors.Is(err, errs.New(code)) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// From finds the Error in err's chain; anything else is an internal failure with err as its cause.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(Internal, err)
}

// CodeOf returns the code of an error: internal for one that has none, empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}

// Codes lists the whole catalogue in alphabetical order.
func Codes() []Code { return slices.Sorted(maps.Keys(catalogue)) }
