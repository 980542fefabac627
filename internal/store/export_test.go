package store

import (
	"context"
	"fmt"
)

// Busy is how many transactions leave no connection free.
func (s *Store) Busy() int {
	if s.pool != nil {
		return int(s.pool.Config().MaxConns)
	}
	return 1
}

// Pages is how large a database is (SQLite).
func Pages(ctx context.Context, s *Store) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "PRAGMA page_count").Scan(&n)
	return n, err
}

// LimitPages makes it full at so many pages, for all that write.
func LimitPages(ctx context.Context, s *Store, p *Probe, pages int) error {
	limit := fmt.Sprintf("PRAGMA max_page_count(%d)", pages)
	if _, err := s.write.ExecContext(ctx, limit); err != nil {
		return err
	}
	_, err := p.lite.ExecContext(ctx, limit)
	return err
}
