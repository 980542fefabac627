// Package socketio is a Socket.IO server for Go: Engine.IO protocol revision 4
// and Socket.IO protocol revision 5, as spoken by socket.io-client 4.x, over
// WebSocket and HTTP long-polling with the upgrade between them. It needs
// nothing but the standard library.
//
//	srv, err := socketio.New(socketio.Config{})
//	…
//	srv.Namespace("/").OnEvent("hello", func(s *socketio.Socket, e *socketio.Event) {
//		_ = s.Emit("hello back", e.Args[0])
//	})
//	mux.Handle("/socket.io/", srv)
//
// A Server is an http.Handler; give its http.Server a ReadHeaderTimeout. An
// [Engine] server speaks Engine.IO alone. Protocol suites can be run against
// the program in socketio/conformance.
//
// # Order
//
// All handlers of one connection run one at a time, in the order of the
// client's packets. Emit, Send, Join, Leave and Broadcast do not wait for any
// peer, and what one goroutine calls one after another takes effect in that
// order at every socket: a socket that joins a room after packet A was
// broadcast and before B receives B only, and what was emitted to it before
// the join arrives before the room's packets. Calls wait for one thing only: a
// process that produces more than its processors can write out.
//
// Delivery is at most once: a lost connection loses what was under way, unless
// [Config.Recovery] brings it back or the application catches up by itself.
//
// # Slow peers
//
// Nobody waits for a slow reader. What the network does not take at once is
// kept up to [Config.MaxQueueBytes] and [Config.MaxQueuePackets], and for as
// long as it makes progress ([Config.WriteStall]); past that the connection is
// closed with [ReasonSlowConsumer] and the client reconnects by itself. A ping
// overtakes what waits.
//
// # Hostile peers
//
// Every limit is checked before memory is spent: payloads, packets of a POST,
// fragments, attachments and the time for them to arrive, nesting of JSON (64),
// lengths of names (namespace 128 bytes, event 64), acknowledgement ids (below
// 2^53), refused CONNECTs in a row (16), sessions that joined no namespace, and,
// if configured, packets and handshakes a second. A packet that breaks the
// protocol ends its connection. A foreign Origin is refused on every request.
//
// # How it works
//
// A session's packets are read and handled by the goroutine that received them:
// one of the connection's own for a WebSocket, that of the request for polling.
// Everything that goes out belongs to one of GOMAXPROCS shards: a goroutine that
// owns the sending half of its sessions, their timers and its part of every
// room's member list, and that never waits for anything. A broadcast is encoded
// and framed once and posted once to each shard with members. A shard takes all
// posts at once, works out what each connection gets, and writes to each at
// most once. On Linux a plain TCP connection is written with one system call
// that does not block, and a read buffer is borrowed only while there is
// something to read; TLS and other systems take the ordinary way through
// net.Conn, with the same promises.
package socketio
