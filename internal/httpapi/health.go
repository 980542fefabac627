package httpapi

import (
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

func (a *API) ready(c *call, _ struct{}) (readiness, error) {
	answer := readiness{OK: true, Backends: map[string]string{}}
	for _, b := range a.backends {
		answer.Backends[b.Name] = "ok"
		if err := b.Ping(c.Context()); err != nil {
			if b.Optional {
				answer.Backends[b.Name] = "down"
				answer.Degraded = append(answer.Degraded, b.Name)
				continue
			}
			return readiness{}, errs.Wrap(errs.Unavailable, err).WithReason(b.Name)
		}
	}
	return answer, nil
}
