package account

import (
	"time"

	"maska/internal/audit"
	"maska/internal/session"
)

// Session is an item of the session list (auth contract, section 3.3). It holds no token material.
type Session struct {
	ID            string    `json:"id"`
	Current       bool      `json:"current"`
	DeviceInfo    string    `json:"deviceInfo" description:"class of device, such as iPhone"`
	Client        string    `json:"client" description:"such as Telegram or Firefox"`
	OS            string    `json:"os"`
	IP            string    `json:"ip" description:"cut to a network of /24 or /48"`
	Country       *string   `json:"country" description:"ISO 3166-1; null when unknown"`
	Methods       []string  `json:"methods" description:"how its owner proved who he is"`
	CreatedAt     time.Time `json:"createdAt" description:"to the hour"`
	LastSeenAt    time.Time `json:"lastSeenAt" description:"to the hour"`
	IdleExpiresAt time.Time `json:"idleExpiresAt"`
	ExpiresAt     time.Time `json:"expiresAt"`
}

// SessionsOf shows sessions to their owner, who looks from the current one.
func SessionsOf(all []session.Session, current string) []Session {
	list := make([]Session, len(all))
	for i, s := range all {
		list[i] = Session{
			ID: s.ID, Current: s.ID == current, DeviceInfo: s.Device.Name, Client: s.Device.Client, OS: s.Device.OS, IP: s.IP, Country: orNull(s.Country),
			Methods: s.Methods, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, IdleExpiresAt: s.IdleUntil(), ExpiresAt: s.ExpiresAt,
		}
	}
	return list
}

// Event is a record of the audit as the account's owner sees it.
type Event struct {
	ID      int64         `json:"id"`
	At      time.Time     `json:"at" description:"mostly to the hour"`
	Event   audit.Event   `json:"event"`
	Outcome audit.Outcome `json:"outcome" enum:"ok,refused"`
	Session string        `json:"session,omitempty"`
	IP      string        `json:"ip" description:"cut to a network of /24 or /48"`
	Country *string       `json:"country"`
	Device  string        `json:"device" description:"class of device"`
	ByOther bool          `json:"byOther" description:"done by an operator"`
	Detail  string        `json:"detail,omitempty"`
}

// EventsOf shows records of the audit to the account's owner. Who did what he did not do himself is not shown.
func EventsOf(records []audit.Record) []Event {
	list := make([]Event, len(records))
	for i, r := range records {
		list[i] = Event{
			ID: r.ID, At: r.At.Truncate(time.Second), Event: r.Event, Outcome: r.Outcome, Session: r.Session, IP: r.IP, Country: orNull(r.Country),
			Device: r.Agent, ByOther: r.Actor != 0 && r.Actor != r.Account, Detail: r.Detail,
		}
	}
	return list
}

// AnyEvent is a record of the audit as an admin sees it.
type AnyEvent struct {
	Event
	Account int64 `json:"account,omitzero"`
	Actor   int64 `json:"actor,omitzero" description:"who did it, when not the account itself; absent at the command line"`
}

// AnyEventsOf shows records of the audit to an admin.
func AnyEventsOf(records []audit.Record) []AnyEvent {
	list := make([]AnyEvent, len(records))
	for i, event := range EventsOf(records) {
		list[i] = AnyEvent{Event: event, Account: records[i].Account, Actor: records[i].Actor}
	}
	return list
}

// Device is a device that an account was used on.
type Device struct {
	Name         string     `json:"name"`
	FirstSeen    time.Time  `json:"firstSeen" description:"to the hour"`
	TrustedUntil *time.Time `json:"trustedUntil"`
}

// DevicesOf shows devices to their owner.
func DevicesOf(all []session.KeptDevice) []Device {
	list := make([]Device, len(all))
	for i, d := range all {
		list[i] = Device{Name: d.Name, FirstSeen: d.FirstSeen}
		if !d.TrustedUntil.IsZero() {
			list[i].TrustedUntil = &d.TrustedUntil
		}
	}
	return list
}
