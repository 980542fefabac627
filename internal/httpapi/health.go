package httpapi

import (
	"context"
	"log/slog"
	"time"

	"maska/internal/errs"
)

type health struct {
	OK bool `json:"ok"`
}

func (a *API) health(*call, struct{}) (health, error) { return health{OK: true}, nil }

type readiness struct {
	OK       bool              `json:"ok"`
	Backends map[string]string `json:"backends" description:"name of each backend, and ok or down"`
	Degraded []string          `json:"degraded,omitempty" description:"backends that are down and that the server does without"`
}

// pingLimit is how long a backend may take to answer before it counts as down.
const pingLimit = 2 * time.Second

func (a *API) ready(c *call, _ struct{}) (readiness, error) {
	ctx, cancel := context.WithTimeout(c.Context(), pingLimit)
	defer cancel()
	answer := readiness{OK: true, Backends: map[string]string{}}
	for _, b := range a.backends {
		answer.Backends[b.Name] = "ok"
		if err := b.Ping(ctx); err != nil {
			if b.Optional {
				answer.Backends[b.Name] = "down"
				answer.Degraded = append(answer.Degraded, b.Name)
				continue
			}
			a.log.WarnContext(ctx, "backend does not answer", slog.String("backend", b.Name), slog.Any("cause", err))
			return readiness{}, errs.Wrap(errs.Unavailable, err).WithReason(b.Name)
		}
	}
	return answer, nil
}
