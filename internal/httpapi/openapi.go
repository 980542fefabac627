package httpapi

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"maska/internal/errs"
)

// document writes the OpenAPI document of the operations: it is made of the very types that are
// decoded and encoded.
func document(cfg Config, all []operation) ([]byte, error) {
	reflector := openapi31.NewReflector()
	reflector.Spec.Info.WithTitle("Maska").WithVersion(cfg.Version).
		WithDescription("Anonymous messenger inside Telegram. Errors are application/problem+json; programs branch on code only.")
	reflector.SpecEns().SetHTTPBearerTokenSecurity("bearer", "JWT", "an access token")
	reflector.DefaultOptions = append(reflector.DefaultOptions, jsonschema.InterceptDefName(func(t reflect.Type, _ string) string {
		return strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	}), jsonschema.InterceptProp(requireUnlessOmitted))
	for _, o := range all {
		oc, err := reflector.NewOperationContext(o.method, o.path)
		if err != nil {
			return nil, err
		}
		oc.SetSummary(o.summary)
		oc.SetID(operationID(o))
		if o.access != public {
			oc.AddSecurity("bearer")
		}
		if reflect.TypeOf(o.in).NumField() > 0 {
			oc.AddReqStructure(o.in)
		}
		oc.AddRespStructure(o.out, openapi.WithHTTPStatus(o.status))
		for _, status := range o.statuses() {
			oc.AddRespStructure(problem{}, openapi.WithHTTPStatus(status), openapi.WithContentType("application/problem+json"),
				func(cu *openapi.ContentUnit) { cu.Description = strings.Join(o.codes(status), ", ") })
		}
		if err := reflector.AddOperation(oc); err != nil {
			return nil, err
		}
	}
	return json.MarshalIndent(reflector.Spec, "", "  ")
}

// requireUnlessOmitted marks as required what is always there.
func requireUnlessOmitted(p jsonschema.InterceptPropParams) error {
	options := strings.Split(p.Field.Tag.Get("json"), ",")[1:]
	if !p.Processed || slices.Contains(options, "omitempty") || slices.Contains(options, "omitzero") {
		return nil
	}
	if p.Field.Type.Kind() == reflect.Slice || p.Field.Type.Kind() == reflect.Map {
		p.PropertySchema.RemoveType(jsonschema.Null) // they are written as [] and {}
	}
	if ref := p.PropertySchema.Ref; ref != nil && p.Field.Type.Kind() == reflect.Pointer { // it is written as null
		null := (&jsonschema.Schema{}).WithType(jsonschema.Null.Type())
		p.PropertySchema.WithAnyOf((&jsonschema.Schema{Ref: ref}).ToSchemaOrBool(), null.ToSchemaOrBool()).Ref = nil
	}
	if !slices.Contains(p.ParentSchema.Required, p.Name) {
		p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
	}
	return nil
}

// operationID is stable: method and path in words, such as post_api_auth_refresh.
func operationID(o operation) string {
	words := strings.FieldsFunc(o.path, func(r rune) bool { return strings.ContainsRune("/{}-.", r) })
	return strings.ToLower(o.method) + "_" + strings.Join(words, "_")
}

// refusals lists every code that a route can answer, those that all routes share included.
func (o operation) refusals() []errs.Code {
	codes := slices.Concat(o.fails, []errs.Code{errs.RateLimited, errs.Internal, errs.Unavailable})
	if o.method != http.MethodGet && hasJSON(reflect.TypeOf(o.in)) {
		codes = append(codes, errs.MalformedJSON, errs.ValidationFailed, errs.PayloadTooLarge, errs.UnsupportedMediaType)
	}
	if o.access == service {
		codes = append(codes, errs.TokenMissing, errs.TokenInvalid)
	} else if o.access != public {
		codes = append(codes, errs.TokenMissing, errs.TokenInvalid, errs.TokenExpired, errs.SessionRevoked, errs.UserNotFound, errs.AccountDisabled)
	}
	if o.access == fresh {
		codes = append(codes, errs.ReauthRequired)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func (o operation) statuses() []int {
	var all []int
	for _, code := range o.refusals() {
		all = append(all, code.Status())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (o operation) codes(status int) []string {
	var all []string
	for _, code := range o.refusals() {
		if code.Status() == status {
			all = append(all, string(code))
		}
	}
	return all
}

func (a *API) openapi(w http.ResponseWriter, r *http.Request) {
	text, err := a.document()
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // a reader that went away needs no answer
}

// docsPage is the API on one page, without scripts.
var docsPage = template.Must(template.New("docs").Funcs(template.FuncMap{"text": http.StatusText}).Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Maska API</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem}
code{font:14px ui-monospace,monospace}section{border-top:1px solid #8884;padding:.75rem 0}h2{font-size:1rem;margin:0}p{margin:.25rem 0}small{opacity:.75}</style></head>
<body><h1>Maska API</h1><p>The machine-readable form: <a href="/api/openapi.json">/api/openapi.json</a>. Errors are <code>application/problem+json</code>; programs branch on <code>code</code>.</p>
{{range .}}<section><h2><code>{{.Method}} {{.Path}}</code></h2><p>{{.Summary}}{{if .Bearer}} <small>(needs an access token)</small>{{end}}</p>
{{range .Statuses}}<p><small>{{.Status}} {{text .Status}}: {{range $i, $c := .Codes}}{{if $i}}, {{end}}<code>{{$c}}</code>{{end}}</small></p>{{end}}</section>
{{end}}</body></html>`))

func (a *API) docs(w http.ResponseWriter, r *http.Request) {
	type status struct {
		Status int
		Codes  []string
	}
	type row struct {
		Method, Path, Summary string
		Bearer                bool
		Statuses              []status
	}
	var rows []row
	for _, o := range operations() { //nolint:contextcheck // only their descriptions are read
		line := row{Method: o.method, Path: o.path, Summary: o.summary, Bearer: o.access != public}
		for _, s := range o.statuses() {
			line.Statuses = append(line.Statuses, status{s, o.codes(s)})
		}
		rows = append(rows, line)
	}
	var text bytes.Buffer
	err := docsPage.Execute(&text, rows)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	docs, err := newPage(text.Bytes())
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.page(w, r, docs)
}
