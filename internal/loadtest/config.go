package loadtest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"
)

// Config says what to do to which server.
type Config struct {
	// Server is the address people open.
	Server *url.URL
	// BotToken signs people in. Empty: the server is in dev mode and does it.
	BotToken string
	// Bare says that the server has no accounts: a socket joins room 1, 2, 3, … by the event join.
	Bare bool

	// Rooms and Members make Rooms × Members connections, each in one room. One room is the global
	// room; several are small ones, made for the run.
	Rooms, Members int
	// People is how many people share the connections. 0: each connection has its own.
	People int
	// Stalled adds connections that join and never read, which nobody else may notice.
	Stalled int

	// InFlight keeps that many messages of each room under way (a closed loop): the next is sent when
	// every member has one and its sender the ack. Members take turns.
	InFlight int
	// Rate, if not 0, sends that many messages per second over all rooms instead, whatever comes back.
	// Latency counts from when a message was due.
	Rate float64
	// Size is the length of a message's content in bytes.
	Size int

	// WarmUp passes before anything is measured, Duration is measured, and Drain bounds the wait for
	// what is still under way.
	WarmUp, Duration, Drain time.Duration
	// Parallel is how many connect or sign in at once.
	Parallel int
	// PID is the server's process, if its CPU time and memory may be read. 0: they are not.
	PID int
}

// Bounds of a run, so that it ends whatever is asked.
const (
	maxConnections = 100_000
	maxInFlight    = 100_000
	maxDuration    = time.Hour
	maxSize        = 4000
)

// Check says what is wrong with a configuration.
func (c *Config) Check() error {
	switch {
	case c.Server.Scheme != "http" && c.Server.Scheme != "https", c.Server.Host == "":
		return fmt.Errorf("the address of the server is http://… or https://…, not %q", c.Server)
	case c.Rooms < 1 || c.Rooms > maxRooms || c.Members < 1 || c.Rooms > maxConnections/c.Members:
		return fmt.Errorf("rooms × members lies between 1 and %d", maxConnections)
	case c.Stalled < 0 || c.Stalled > maxConnections:
		return errors.New("the number of stalled connections is negative or too large")
	case c.People < 0 || c.People > c.connections():
		return errors.New("there are no more people than connections")
	case !c.Bare && c.Rooms > 1 && (c.Members < 2 || c.Members > 6):
		return errors.New("a small room has 2 to 6 members")
	case c.InFlight < 0 || c.InFlight > maxInFlight:
		return fmt.Errorf("at most %d messages of a room are under way", maxInFlight)
	case c.Rate < 0 || c.Rate > 1e6:
		return errors.New("the rate lies between 0 and 1,000,000 messages per second")
	case c.Size < tagSize || c.Size > maxSize:
		return fmt.Errorf("the size of a message lies between %d and %d", tagSize, maxSize)
	case c.WarmUp < 0 || c.Duration <= 0 || c.Drain < 0 || c.WarmUp+c.Duration+c.Drain > maxDuration:
		return fmt.Errorf("a run takes at most %s", maxDuration)
	case c.Parallel < 1 || c.Parallel > 1000:
		return errors.New("between 1 and 1,000 connect at once")
	}
	return nil
}

func (c *Config) connections() int { return c.Rooms * c.Members }

// idle reports whether nothing is said.
func (c *Config) idle() bool { return c.InFlight == 0 && c.Rate == 0 }

func (c *Config) people() int {
	if c.People == 0 {
		return c.connections()
	}
	return c.People
}

// Loopback reports whether an address stays on this machine.
func Loopback(server *url.URL) bool {
	if server.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(server.Hostname())
	return ip != nil && ip.IsLoopback()
}
