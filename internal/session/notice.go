package session

import (
	"context"

	"maska/internal/account"
)

// NoticeKind is why an account's owner is told something.
type NoticeKind string

// The reasons.
const (
	NoticeNewDevice    NoticeKind = "new_device"
	NoticeUnusualPlace NoticeKind = "unusual_place" // whether or not the device is new, too
	NoticeTokenReuse   NoticeKind = "token_reuse"
)

// Notice is what an account's owner is told, by whatever way reaches him.
type Notice struct {
	Kind    NoticeKind
	Device  Device
	Country string
}

// WhenNoticed sets who is told of what an account's owner should hear, after the commit. It must not
// block. Set it before the service is used.
func (s *Service) WhenNoticed(tell func(context.Context, account.Account, Notice)) { s.notify = tell }
