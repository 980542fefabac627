package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"maska/internal/errs"
)

const (
	// maxBody is the longest body of a request in bytes (auth contract, section 2).
	maxBody = 64 << 10
	// maxDepth is how deep JSON may be nested.
	maxDepth = 16
)

// decodeBody reads a JSON object into dst: each member at most once and by its exact name, valid
// UTF-8, nothing after it. Members that dst does not have are ignored.
func decodeBody(w http.ResponseWriter, r *http.Request, dst any, optional bool) error {
	if optional && r.ContentLength == 0 {
		return nil
	}
	if !isJSON(r.Header) {
		return errs.New(errs.UnsupportedMediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errs.New(errs.PayloadTooLarge)
	}
	if err != nil {
		return errs.Wrap(errs.MalformedJSON, err)
	}
	if optional && len(body) == 0 {
		return nil
	}
	if err := checkShape(body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, dst); err != nil {
		if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
			return errs.Invalid(strings.TrimPrefix(string(wrong.JSONPointer), "/"), errs.WrongType)
		}
		return errs.Wrap(errs.MalformedJSON, err)
	}
	if keeper, ok := dst.(interface{ keep(body []byte) }); ok {
		keeper.keep(body)
	}
	return nil
}

// rawBody, embedded in what a body is decoded to, keeps the body as it came.
type rawBody struct{ raw []byte }

func (b *rawBody) keep(body []byte) { b.raw = body }

// isJSON reports whether a body says that it is JSON in UTF-8, once and not compressed.
func isJSON(h http.Header) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 || len(h.Values("Content-Encoding")) > 0 {
		return false
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	charset, given := parameters["charset"]
	return err == nil && kind == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

// checkShape reads the whole text token by token: it must be one object, not nested too deep.
func checkShape(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	if d.PeekKind() != '{' {
		if d.PeekKind() == 0 || d.SkipValue() != nil {
			return errs.New(errs.MalformedJSON)
		}
		return errs.New(errs.ValidationFailed)
	}
	for {
		_, err := d.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return errs.Wrap(errs.MalformedJSON, err)
		case d.StackDepth() > maxDepth:
			return errs.New(errs.MalformedJSON)
		}
	}
}

// bindParameters fills the fields of dst that are tagged `path` or `query`: integers in plain decimal
// and texts. Every query parameter may come once.
func bindParameters(r *http.Request, dst reflect.Value) error {
	query := r.URL.Query()
	for i := range dst.NumField() {
		field := dst.Type().Field(i)
		var name, text string
		var given bool
		if name = field.Tag.Get("path"); name != "" {
			// The database has no texts with these; no id has U+FFFD, so that the route says in its own words that
			// there is no such thing.
			text, given = strings.ReplaceAll(strings.ToValidUTF8(r.PathValue(name), "\uFFFD"), "\x00", "\uFFFD"), true
		} else if name = field.Tag.Get("query"); name != "" {
			if len(query[name]) > 1 {
				return errs.Invalid(name, errs.BadFormat)
			}
			text, given = query.Get(name), query.Has(name)
		}
		if !given {
			continue
		}
		if err := setParameter(dst.Field(i), name, text); err != nil {
			if field.Tag.Get("path") != "" {
				return errs.New(errs.NotFound) // no such thing can exist
			}
			return err
		}
	}
	return nil
}

func setParameter(dst reflect.Value, name, text string) error {
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	switch dst.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != text { // one accepted spelling for numbers
			return errs.Invalid(name, errs.WrongType)
		}
		dst.SetInt(n)
	case reflect.String:
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return errs.Invalid(name, errs.BadFormat)
		}
		dst.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return errs.Invalid(name, errs.WrongType)
		}
		dst.SetBool(text == "true")
	default:
		return errs.Invalid(name, errs.WrongType)
	}
	return nil
}
