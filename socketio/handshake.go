package socketio

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// Handshake tells how a socket came.
type Handshake struct {
	Header     http.Header // with Host; headers beyond 8 KiB in all are left out
	Query      url.Values
	URL        string // as requested: path and query
	RemoteAddr string // Config.ClientIP of the request
	Time       time.Time
	Secure     bool            // over TLS
	XDomain    bool            // the request had an Origin header
	Auth       json.RawMessage // the CONNECT payload, a JSON object; nil when absent or no longer kept (Socket.Handshake)
}

// What is kept of a handshake for as long as the session lives.
const (
	maxKeptHeader = 8 << 10
	maxKeptURL    = 8 << 10
)

// facts is a Handshake packed small: an idle connection should cost little.
type facts struct {
	header string // lines as on the wire
	url    string
	addr   string
	at     time.Time
	secure bool
	cross  bool
}

func packFacts(r *http.Request, addr string, now time.Time) *facts {
	var b strings.Builder
	line := func(key, value string) {
		if b.Len()+len(key)+len(value)+4 <= maxKeptHeader {
			b.WriteString(key)
			b.WriteString(": ")
			b.WriteString(value)
			b.WriteString("\r\n")
		}
	}
	line("Host", r.Host)
	for key, values := range r.Header {
		for _, value := range values {
			line(key, value)
		}
	}
	return &facts{
		header: strings.Clone(b.String()),
		url:    strings.Clone(r.URL.RequestURI()),
		addr:   strings.Clone(addr),
		at:     now,
		secure: r.TLS != nil,
		cross:  r.Header.Get("Origin") != "",
	}
}

func (f *facts) unpack() *Handshake {
	h := &Handshake{URL: f.url, RemoteAddr: f.addr, Time: f.at, Secure: f.secure, XDomain: f.cross, Header: http.Header{}}
	text := bufio.NewReaderSize(strings.NewReader(f.header+"\r\n"), len(f.header)+2)
	if header, err := textproto.NewReader(text).ReadMIMEHeader(); err == nil {
		h.Header = http.Header(header)
	}
	if u, err := url.ParseRequestURI(f.url); err == nil {
		h.Query = u.Query()
	}
	return h
}
