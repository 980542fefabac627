package httpapi_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"maska/internal/httpapi"
)

// once is a listener to which one connection comes.
type once struct {
	conn  chan net.Conn
	ended chan struct{}
}

func (l *once) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conn:
		return conn, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

func (l *once) Close() error {
	close(l.ended)
	return nil
}

func (l *once) Addr() net.Addr { return &net.TCPAddr{} }

func TestAnAnswerThatNobodyTakesEndsAfterThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type end struct {
			after time.Duration
			err   error
		}
		ended := make(chan end, 1)
		server := &http.Server{ReadHeaderTimeout: time.Second, Handler: httpapi.InTime(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			began, chunk := time.Now(), make([]byte, 64<<10)
			for {
				if _, err := w.Write(chunk); err != nil {
					ended <- end{time.Since(began), err}
					return
				}
			}
		}))}
		listener := &once{make(chan net.Conn, 1), make(chan struct{})}
		near, far := net.Pipe()
		listener.conn <- near
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		if _, err := io.WriteString(far, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if got := <-ended; got.after != 30*time.Second || !errors.Is(got.err, os.ErrDeadlineExceeded) {
			t.Errorf("ended after %v with %v", got.after, got.err)
		}
		if err := errors.Join(far.Close(), server.Close()); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

func TestABodyThatDoesNotComeEndsAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan time.Duration, 1)
		server := &http.Server{ReadHeaderTimeout: time.Second, Handler: httpapi.InTime(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			began := time.Now()
			_, err := io.ReadAll(r.Body)
			if err == nil {
				t.Error("a body of nothing is whole")
			}
			ended <- time.Since(began)
		}))}
		listener := &once{make(chan net.Conn, 1), make(chan struct{})}
		near, far := net.Pipe()
		listener.conn <- near
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		if _, err := io.WriteString(far, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if after := <-ended; after != 10*time.Second {
			t.Errorf("ended after %v", after)
		}
		if err := errors.Join(far.Close(), server.Close()); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
