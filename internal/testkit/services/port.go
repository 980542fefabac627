package services

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"net"
	"strconv"
	"syscall"
)

// FreeAddress returns a loopback address nobody listens on, for what must be known before anything
// listens, or must stay over a restart.
//
// Its port lies below those that systems give to outgoing connections (from 32768 up): one of these could
// go to somebody's connection before the server takes it, or while a killed server is away from it.
func FreeAddress(ctx context.Context) (string, error) {
	const from, to = 15_000, 30_000
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(to-from))
		if err != nil {
			return "", err
		}
		address := net.JoinHostPort("127.0.0.1", strconv.FormatInt(from+n.Int64(), 10))
		if err := probe(ctx, address); !errors.Is(err, syscall.EADDRINUSE) {
			return address, err
		}
	}
}

func probe(ctx context.Context, address string) error {
	// A process that is just being started holds a copy of the socket until it runs its own program.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", address)
	if err != nil {
		return err
	}
	return listener.Close()
}
