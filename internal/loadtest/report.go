package loadtest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report is what a run has found.
type Report struct {
	Case     Case     `json:"case"`
	Connects Connects `json:"connects"`

	Seconds             float64 `json:"seconds"`
	MessagesPerSecond   float64 `json:"messagesPerSecond"`
	DeliveriesPerSecond float64 `json:"deliveriesPerSecond"`

	// Ack and Deliver are the times from sending to the ack and to each delivery, in milliseconds.
	Ack     Latency `json:"ackMs"`
	Deliver Latency `json:"deliverMs"`

	Server *Server `json:"server,omitempty"`
	// GeneratorCPU is how many cores the load itself took, 0 if unknown; near what it may use, it
	// limits the result.
	GeneratorCPU float64 `json:"generatorCpu"`

	Faults  Faults           `json:"faults"`
	Refused map[string]int64 `json:"refused"` // messages the server did not take, by its answer
	Dropped map[string]int64 `json:"dropped"` // connections that ended, by reason
}

// Case is what was asked for.
type Case struct {
	Server   string  `json:"server"`
	Rooms    int     `json:"rooms"`
	Members  int     `json:"members"`
	Stalled  int     `json:"stalled"`
	InFlight int     `json:"inFlight"`
	Rate     float64 `json:"rate"`
	Size     int     `json:"size"`
}

func caseOf(c *Config) Case {
	return Case{
		Server: c.Server.String(), Rooms: c.Rooms, Members: c.Members, Stalled: c.Stalled, InFlight: c.InFlight, Rate: c.Rate, Size: c.Size,
	}
}

// Connects is the price of connecting: upgrade, sign-in of the socket, and joining its room.
type Connects struct {
	Count               int     `json:"count"`
	PerSecond           float64 `json:"perSecond"`
	CPUMillisecondsEach float64 `json:"cpuMsEach,omitempty"`
}

// Server is what the server's process used while it was measured.
type Server struct {
	CPU                    float64 `json:"cpu"` // cores
	DeliveriesPerCPUSecond float64 `json:"deliveriesPerCpuSecond"`
	MessagesPerCPUSecond   float64 `json:"messagesPerCpuSecond"`
	// Resident memory in bytes: before the first connection, at the end, and what a connection added
	// before anything was said.
	ResidentBefore        int64   `json:"residentBefore"`
	Resident              int64   `json:"resident"`
	ResidentPerConnection float64 `json:"residentPerConnection"`
}

// Clean reports whether nothing went wrong: no fault, no refusal, and no connection lost.
func (r *Report) Clean() bool {
	return r.Faults.Total() == 0 && len(r.Refused) == 0 && len(r.Dropped) == 0
}

// Print writes the report for people.
func (r *Report) Print(to io.Writer) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, format string, values ...any) { _, _ = fmt.Fprintf(t, name+"\t"+format+"\n", values...) } // a Builder takes everything
	c := r.Case
	row("server", "%s", c.Server)
	row("load", "%s", c.load())
	row("connects/s", "%.0f%s", r.Connects.PerSecond, r.connectCPU())
	row("messages/s", "%.0f", r.MessagesPerSecond)
	row("deliveries/s", "%.0f", r.DeliveriesPerSecond)
	row("send → ack, ms", "%s", r.Ack)
	row("send → deliver, ms", "%s", r.Deliver)
	if s := r.Server; s != nil {
		row("server CPU", "%.2f cores, %.0f deliveries and %.0f messages per CPU second", s.CPU, s.DeliveriesPerCPUSecond, s.MessagesPerCPUSecond)
		row("server memory", "%.1f MB at first, %.1f MB at the end, %.1f KB for each connection before the load",
			float64(s.ResidentBefore)/1e6, float64(s.Resident)/1e6, s.ResidentPerConnection/1e3)
	}
	row("load CPU", "%.2f cores", r.GeneratorCPU)
	f := r.Faults
	row("faults", "%d lost, %d doubled, %d out of order, %d in the wrong room, %d from nobody, %d inconsistent",
		f.Lost, f.Doubled, f.Reordered, f.Misrouted, f.Phantom, f.Inconsistent)
	for _, answer := range slices.Sorted(maps.Keys(r.Refused)) {
		row("refused", "%d × %s", r.Refused[answer], answer)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Dropped)) {
		row("connections lost", "%d × %s", r.Dropped[why], why)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func (c Case) load() string {
	text := fmt.Sprintf("%d × %d members", c.Rooms, c.Members)
	if c.Stalled > 0 {
		text += fmt.Sprintf(" and %d that do not read", c.Stalled)
	}
	switch {
	case c.Rate > 0:
		return text + fmt.Sprintf(", %g messages/s of %d bytes", c.Rate, c.Size)
	case c.InFlight > 0:
		return text + fmt.Sprintf(", %d messages of %d bytes under way in each room", c.InFlight, c.Size)
	}
	return text + ", idle"
}

func (r *Report) connectCPU() string {
	if r.Connects.CPUMillisecondsEach == 0 {
		return ""
	}
	return fmt.Sprintf(", %.3f ms of CPU each", r.Connects.CPUMillisecondsEach)
}

func (l Latency) String() string {
	return fmt.Sprintf("p50 %.1f, p95 %.1f, p99 %.1f, max %.1f", l.P50, l.P95, l.P99, l.Max)
}
