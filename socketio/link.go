package socketio

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// link is one upgraded WebSocket connection. Its reader goroutine reads and, at
// its end, closes it; its session's shard writes.
//
// Where the system allows (a plain TCP socket on Linux) the shard writes
// without ever waiting, and the reader holds a buffer only while there is
// something in it. Everything else, TLS above all, goes through net.Conn.
type link struct {
	conn net.Conn
	raw  syscall.RawConn // nil: the ordinary path

	// owed counts the bytes a catching-up goroutine still has to write.
	owed atomic.Int64
}

// lingerRead is how long a closing connection is read, so that its last frames
// are not thrown away by a reset.
const lingerRead = time.Second

// stallChunk is what a slow peer must take within Config.WriteStall.
const stallChunk = 16 << 10

// catchUp writes b, waiting for the peer as long as it makes progress.
func (l *link) catchUp(b []byte, stall time.Duration) error {
	for len(b) > 0 {
		if err := l.conn.SetWriteDeadline(time.Now().Add(stall)); err != nil {
			return err
		}
		n, err := l.conn.Write(b[:min(len(b), stallChunk)])
		b = b[n:]
		l.owed.Add(-int64(n))
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
	}
	return l.conn.SetWriteDeadline(time.Time{})
}

// finish lets the reader see the end soon; it stops a catching-up goroutine.
func (l *link) finish() {
	now := time.Now()
	// An error means that the connection is closed already.
	if l.owed.Load() > 0 {
		_ = l.conn.SetWriteDeadline(now)
	}
	_ = l.conn.SetReadDeadline(now.Add(lingerRead))
}

// closeWrite tells the peer that nothing more will come.
func (l *link) closeWrite() {
	if half, ok := l.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // closed already
	}
}
