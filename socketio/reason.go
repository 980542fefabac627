package socketio

// Reason says why a socket or a session ended. The values are those a
// Socket.IO server reports in Node, and a few of our own.
type Reason string

// The reasons of an end.
const (
	ReasonServerDisconnect Reason = "server namespace disconnect" // Socket.Disconnect
	ReasonClientDisconnect Reason = "client namespace disconnect" // the client's disconnect()
	ReasonShutdown         Reason = "server shutting down"        // Server.Shutdown
	ReasonForcedClose      Reason = "forced server close"         // Socket.Close
	ReasonTransportClose   Reason = "transport close"             // the peer closed
	ReasonTransportError   Reason = "transport error"             // the network failed, or the peer broke the transport's rules
	ReasonPingTimeout      Reason = "ping timeout"                // no pong in time
	ReasonParseError       Reason = "parse error"                 // the peer sent something that is no packet
	ReasonSlowConsumer     Reason = "slow consumer"               // the peer did not take what was sent
	ReasonRateLimit        Reason = "rate limit"                  // the peer sent too much
	ReasonConnectTimeout   Reason = "connect timeout"             // no namespace joined in time
	ReasonServerError      Reason = "server error"                // a handler panicked
)
