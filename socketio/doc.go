// Package socketio is a Socket.IO server for Go: Engine.IO protocol revision 4
// and Socket.IO protocol revision 5, as spoken by socket.io-client 4.x, over
// WebSocket and HTTP long-polling with the upgrade between them. It needs
// nothing but the standard library.
//
// # Order
//
// All handlers of one connection run one at a time, in the order of the
// client's packets. Emit, Send, Join, Leave and Broadcast do not wait for any
// peer, and what one goroutine calls one after another takes effect in that
// order at every socket: a socket that joins a room after packet A was
// broadcast and before B receives B only, and what was emitted to it before
// the join arrives before the room's packets.
//
// # Slow peers
//
// Nobody waits for a slow reader. What the network does not take at once is
// kept up to Config.MaxQueueBytes and Config.MaxQueuePackets, and for as long
// as it makes progress; past that the connection is closed with
// ReasonSlowConsumer and the client reconnects by itself.
package socketio
