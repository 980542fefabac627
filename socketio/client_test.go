package socketio_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"maska/socketio"
)

// proxy is a network between client and server that can be cut.
type proxy struct {
	listener net.Listener
	target   string
	addr     string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
	wait  sync.WaitGroup
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, addr: l.Addr().String(), conns: make(map[net.Conn]bool)}
	p.wait.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.setCut(true)
		p.wait.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.carry(conn) })
	}
}

// carry copies one connection both ways until either side ends.
func (p *proxy) carry(client net.Conn) {
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	if !p.note(client, server) {
		return
	}
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
			done <- struct{}{}
		}()
	}
	<-done
	<-done
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, server)
}

func (p *proxy) note(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.cut {
			_ = c.Close()
			continue
		}
		p.conns[c] = true
	}
	return !p.cut
}

// setCut cuts every connection, and new ones as long as it lasts.
func (p *proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.conns {
			_ = c.Close()
		}
	}
}

var installClient = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join("testclient", "node_modules", "socket.io-client", "package.json")); err == nil {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	cmd.Dir = "testclient"
	cmd.Stderr = os.Stderr
	return cmd.Run()
})

// node starts a script of testclient/ and returns its output's lines and the
// way to answer them.
func node(t *testing.T, script string, args ...string) (*bufio.Scanner, io.Writer, func() error) {
	t.Helper()
	if err := installClient(); err != nil {
		t.Fatalf("npm ci: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join("testclient", script)}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(out), in, cmd.Wait
}

func TestUnmodifiedClientConnectsTalksLosesItsNetworkAndComesBack(t *testing.T) {
	for _, transports := range []string{"default", "websocket", "polling", "websocket,polling"} {
		t.Run(transports, func(t *testing.T) {
			t.Parallel()
			var ended <-chan ending
			h := start(t, quick(), func(s *socketio.Server) { ended = forClient(s) })
			p := newProxy(t, strings.TrimPrefix(h.base, "http://"))
			lines, answer, wait := node(t, "client.js", "http://"+p.addr, transports)
			for lines.Scan() {
				switch lines.Text() {
				case `{"ask":"cut"}`:
					p.setCut(true)
				case `{"ask":"mend"}`:
					p.setCut(false)
				default:
					t.Errorf("client says %q", lines.Text())
				}
				if _, err := io.WriteString(answer, "done\n"); err != nil {
					t.Error(err)
				}
			}
			if err := wait(); err != nil {
				t.Fatalf("client: %v", err)
			}

			// "drop me", "kick me", the client's own disconnect, and the network,
			// whose loss a polling session notices by its heartbeat only.
			reasons := make(map[socketio.Reason]int)
			for range 4 {
				reason := receive(t, ended).reason
				if strings.HasPrefix(string(reason), "transport") || reason == socketio.ReasonPingTimeout {
					reason = "network"
				}
				reasons[reason]++
			}
			for _, reason := range []socketio.Reason{"network", socketio.ReasonForcedClose, socketio.ReasonServerDisconnect, socketio.ReasonClientDisconnect} {
				if reasons[reason] != 1 {
					t.Errorf("reasons %v, want one of %q", reasons, reason)
				}
			}
		})
	}
}
