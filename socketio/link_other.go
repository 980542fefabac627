//go:build !linux

package socketio

import (
	"errors"
	"net"
	"syscall"
)

// rawConn returns nil: every connection takes the ordinary path.
func rawConn(net.Conn) syscall.RawConn { return nil }

// rawWriter never writes anything itself.
type rawWriter struct{}

func newRawWriter() *rawWriter { return &rawWriter{} }

func (*rawWriter) write(*link, []byte) (int, error) { return 0, nil }

// rawReader is never used, because there is no raw connection.
type rawReader struct{}

func newRawReader(syscall.RawConn, func() *[]byte, func(*[]byte)) *rawReader { return &rawReader{} }

func (*rawReader) read() (*[]byte, int, error) { return nil, 0, errors.ErrUnsupported }
