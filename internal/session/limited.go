package session

import (
	"context"
	"time"

	"maska/internal/audit"
	"maska/internal/limit"
)

// notedLimits bounds the trace that refusals leave: who goes on asking must not fill the audit.
var notedLimits = limit.Rule{Name: "noted_limit", Max: 1, Per: 15 * time.Minute, Fixed: true}

// NoteLimited leaves a trace of a request that was refused for coming too often. The actor is zero where
// nobody is known. One a quarter of an hour is kept for each account or address.
func (s *Service) NoteLimited(ctx context.Context, actor Actor, client Client, route string) error {
	key := limit.IPKey(client.IP)
	if actor.Account.ID != 0 {
		key = accountKey(actor.Account.ID)
	}
	result, err := s.limits.Take(ctx, notedLimits, key, 1)
	if err != nil || !result.Allowed {
		return err
	}
	r := s.record(audit.RateLimited, client)
	r.Account, r.Session, r.Outcome, r.Detail = int64(actor.Account.ID), actor.Session, audit.Refused, route
	return s.store.Transaction(ctx, func(tx Tx) error { return tx.Audit(ctx, r) })
}
