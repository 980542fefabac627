package socketio

import (
	"net"
	"syscall"
	"unsafe"
)

// rawConn returns the descriptor's owner if conn is a plain TCP or Unix socket,
// on which system calls do not block.
func rawConn(conn net.Conn) syscall.RawConn {
	switch c := conn.(type) {
	case *net.TCPConn:
		return mustRaw(c.SyscallConn())
	case *net.UnixConn:
		return mustRaw(c.SyscallConn())
	}
	return nil
}

// mustRaw drops the error of SyscallConn, which a closed connection gives: its
// owner will find out by reading.
func mustRaw(raw syscall.RawConn, err error) syscall.RawConn {
	if err != nil {
		return nil
	}
	return raw
}

// rawWriter writes to one connection after the other without waiting. The
// descriptor is used inside of RawConn.Write only, which holds it open: a
// closed connection's number is never written to.
type rawWriter struct {
	buf []byte
	n   int
	err syscall.Errno
	try func(fd uintptr) bool // bound once, so that a write allocates nothing
}

func newRawWriter() *rawWriter {
	w := &rawWriter{}
	w.try = w.attempt
	return w
}

// attempt is one write(2). It is a raw call, because the socket never blocks
// and the scheduler need not know.
func (w *rawWriter) attempt(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.buf))), uintptr(len(w.buf))) //nolint:gosec // the kernel reads len(buf) bytes of a live slice
		if errno == syscall.EINTR {
			continue
		}
		w.n, w.err = int(n), errno
		return true
	}
}

// write writes what the socket takes at once; a short count is no error.
func (w *rawWriter) write(l *link, b []byte) (int, error) {
	if l.raw == nil || len(b) == 0 {
		return 0, nil
	}
	w.buf = b
	err := l.raw.Write(w.try)
	w.buf = nil
	switch {
	case err != nil:
		return 0, err
	case w.err == syscall.EAGAIN:
		return 0, nil
	case w.err != 0:
		return 0, w.err
	}
	return w.n, nil
}

// rawReader reads one connection into buffers it borrows when there is
// something to read.
type rawReader struct {
	raw    syscall.RawConn
	borrow func() *[]byte
	giveUp func(*[]byte)

	buf *[]byte
	n   int
	err syscall.Errno
	try func(fd uintptr) bool
}

func newRawReader(raw syscall.RawConn, borrow func() *[]byte, giveBack func(*[]byte)) *rawReader {
	r := &rawReader{raw: raw, borrow: borrow, giveUp: giveBack}
	r.try = r.attempt
	return r
}

func (r *rawReader) attempt(fd uintptr) bool {
	buf := r.borrow()
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(*buf))), uintptr(len(*buf))) //nolint:gosec // the kernel writes at most len(buf) bytes
		if errno == syscall.EINTR {
			continue
		}
		if errno == syscall.EAGAIN {
			r.giveUp(buf)
			return false
		}
		r.buf, r.n, r.err = buf, int(n), errno
		return true
	}
}

// read waits for bytes and returns the borrowed buffer with their number, 0 at
// the end of the stream. The caller gives the buffer back.
func (r *rawReader) read() (*[]byte, int, error) {
	if err := r.raw.Read(r.try); err != nil {
		return nil, 0, err
	}
	buf := r.buf
	r.buf = nil
	if r.err != 0 {
		r.giveUp(buf)
		return nil, 0, r.err
	}
	return buf, r.n, nil
}
