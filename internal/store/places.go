package store

import (
	"context"
	"errors"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/session"
)

func (t *sessionTx) CountriesOf(ctx context.Context, id account.ID) (countries []string, err error) {
	rows, err := t.tx.QueryContext(ctx,
		`SELECT DISTINCT country FROM audit WHERE account_id = $1 AND event = $2 AND country <> ''`, id, string(audit.LoginSuccess))
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var country string
		if err := rows.Scan(&country); err != nil {
			return nil, failure(err)
		}
		countries = append(countries, country)
	}
	return countries, failure(rows.Err())
}

func (t *sessionTx) VisitsOf(ctx context.Context, id account.ID, n int) (visits []session.Visit, err error) {
	rows, err := t.tx.QueryContext(ctx,
		`SELECT ip, created_at FROM sessions WHERE account_id = $1 AND country <> '' ORDER BY created_at DESC LIMIT $2`, id, n)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var visit session.Visit
		var at int64
		if err := rows.Scan(&visit.IP, &at); err != nil {
			return nil, failure(err)
		}
		visit.At = fromMillis(at)
		visits = append(visits, visit)
	}
	return visits, failure(rows.Err())
}
