package session

import (
	"context"
	"strings"
	"time"

	"maska/internal/account"
	"maska/internal/vault"
)

// Device is what is kept of a device: a class, not a fingerprint.
type Device struct {
	Name   string // such as "iPhone", from deviceInfo and User-Agent
	Client string // such as "Telegram" or "Chrome"
	OS     string // such as "iOS"
}

// DeviceOf cuts a User-Agent and the deviceInfo of the body down to classes.
func DeviceOf(client Client) Device {
	text := strings.ToLower(client.Device + " " + client.Agent)
	first := func(fallback string, rules ...string) string {
		for i := 0; i < len(rules); i += 2 {
			if strings.Contains(text, rules[i]) {
				return rules[i+1]
			}
		}
		return fallback
	}
	return Device{
		Name:   first("", "iphone", "iPhone", "ipad", "iPad", "android", "Android", "macintosh", "Mac", "windows", "Windows", "linux", "Linux"),
		Client: first("", "telegram", "Telegram", "edg/", "Edge", "firefox", "Firefox", "chrom", "Chrome", "safari", "Safari"),
		OS:     first("", "iphone", "iOS", "ipad", "iOS", "android", "Android", "mac os", "macOS", "windows", "Windows", "linux", "Linux"),
	}
}

// maxDevices is how many devices of an account are kept: more than it can have sessions. A client can name as
// many as it likes.
const maxDevices = 2 * MaxLive

// deviceTx keeps which devices an account has been used on.
type deviceTx interface {
	// SeeDevice remembers a device and tells whether it is the first time, and until when it is trusted.
	SeeDevice(ctx context.Context, id account.ID, tag vault.Tag, name string, now time.Time) (first bool, trustedUntil time.Time, err error)
	// KeepDevices forgets all but n devices of an account: those that are not trusted first, and of these the
	// ones that were seen first. One is kept in any case.
	KeepDevices(ctx context.Context, id account.ID, n int, kept vault.Tag) error
	// ForgetDevice undoes SeeDevice.
	ForgetDevice(ctx context.Context, id account.ID, tag vault.Tag) error
	// TrustDevice trusts a device that was seen until a time.
	TrustDevice(ctx context.Context, id account.ID, tag vault.Tag, until time.Time) error
	// DistrustDevices trusts no device of an account any more.
	DistrustDevices(ctx context.Context, id account.ID) error
}

// seenDevice is what an account knows of the device that somebody signs in from.
type seenDevice struct {
	tag     *vault.Tag // nil when the client does not name its device
	isNew   bool
	trusted bool
}

// see finds the device of a sign-in by what the client sent as X-Device-Id. A client that sent
// nothing usable is on an unknown device, which is neither new nor trusted.
func (s *Service) see(ctx context.Context, tx Tx, p proven) (seenDevice, error) {
	tag := s.deviceTag(p.account.ID, p.client)
	if tag == nil {
		return seenDevice{}, nil
	}
	now := s.now()
	first, until, err := tx.SeeDevice(ctx, p.account.ID, *tag, DeviceOf(p.client).Name, hour(now))
	return seenDevice{tag: tag, isNew: first, trusted: now.Before(until)}, err
}

// The length of X-Device-Id, which holds 128 random bits in any common spelling.
const (
	minDeviceID = 16
	maxDeviceID = 64
)

// deviceTag stands for a device where the account keeps its own; nil without a usable X-Device-Id.
func (s *Service) deviceTag(id account.ID, client Client) *vault.Tag {
	if len(client.DeviceID) < minDeviceID || len(client.DeviceID) > maxDeviceID {
		return nil
	}
	tag := s.vault.DeviceTag(int64(id), client.DeviceID+"\n"+DeviceOf(client).OS)
	return &tag
}
