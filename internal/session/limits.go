package session

import (
	"context"

	"maska/internal/errs"
	"maska/internal/limit"
)

// take counts one use and refuses above the limit.
func (s *Service) take(ctx context.Context, rule limit.Rule, key string) error {
	result, err := s.limits.Take(ctx, rule, key, 1)
	if err != nil {
		return err
	}
	if !result.Allowed {
		return errs.Limited(result.RetryAfter)
	}
	return nil
}

// peek refuses above the limit without counting.
func (s *Service) peek(ctx context.Context, rule limit.Rule, key string) error {
	result, err := s.limits.Peek(ctx, rule, key)
	if err != nil {
		return err
	}
	if !result.Allowed {
		return errs.Limited(result.RetryAfter)
	}
	return nil
}

// count counts one use whatever the limit says.
func (s *Service) count(ctx context.Context, rule limit.Rule, key string) error {
	_, err := s.limits.Take(ctx, rule, key, 1)
	return err
}
