package session

import (
	"context"
	"math"
	"slices"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
)

// Place is where an address is, as far as it is known.
type Place struct {
	Country             string // ISO 3166-1 alpha-2; empty when unknown
	Latitude, Longitude float64
	Located             bool // whether the coordinates say anything
}

// Places tells where addresses are.
type Places interface {
	// Locate finds an address, or the network that a session keeps of one.
	Locate(ip string) Place
}

// nowhere is used when there is no database of places: nothing is known and nothing is refused.
type nowhere struct{}

func (nowhere) Locate(string) Place { return Place{} }

// PlaceRules say what the place of a sign-in means (auth contract, section 12). The zero value lets
// everybody in and finds nothing unusual.
type PlaceRules struct {
	Watch       bool     // places unlike those before are unusual: audited, told, and asked a second factor for
	Refuse      bool     // countries that are not allowed are refused; else they are unusual
	Allow, Deny []string // ISO 3166-1 alpha-2; an empty Allow allows all
}

// allows tells whether a country is none of those that the lists keep out. An unknown one never is.
func (r PlaceRules) allows(country string) bool {
	return country == "" || (len(r.Allow) == 0 || slices.Contains(r.Allow, country)) && !slices.Contains(r.Deny, country)
}

// topSpeed is faster than people travel, in km/h.
const topSpeed = 1000

// Visit is an earlier sign-in that has a place.
type Visit struct {
	IP string // cut to /24 or /48
	At time.Time
}

// placeTx remembers where an account signed in.
type placeTx interface {
	// CountriesOf lists the countries that the account has signed in from, as far as the audit reaches.
	CountriesOf(ctx context.Context, id account.ID) ([]string, error)
	// VisitsOf lists up to n sign-ins that have a place, newest first.
	VisitsOf(ctx context.Context, id account.ID, n int) ([]Visit, error)
}

// checkPlace tells whether a sign-in comes from an unusual place, and refuses one from a place that
// is not allowed.
func (s *Service) checkPlace(ctx context.Context, tx Tx, p proven) (unusual bool, err error) {
	if !s.placeRules.allows(p.place.Country) && s.placeRules.Refuse {
		return false, s.refusePlace(ctx, tx, p)
	}
	if !s.placeRules.Watch || p.isNew || p.place == (Place{}) || len(p.methods) > 1 { // who brings a second factor was looked at before
		return false, nil
	}
	why, err := s.unusual(ctx, tx, p)
	if err != nil || why == "" {
		return false, err
	}
	r := s.record(audit.GeoUnusual, p.client)
	r.Account, r.Detail = int64(p.account.ID), why
	return true, tx.Audit(ctx, r)
}

// refusePlace leaves a trace of who was refused, but no account of a newcomer.
func (s *Service) refusePlace(ctx context.Context, tx Tx, p proven) error {
	if !p.isNew {
		return s.refuseEntry(ctx, tx, p, audit.GeoBlocked, errs.GeoBlocked)
	}
	if err := tx.DeleteAccount(ctx, p.account.ID); err != nil {
		return err
	}
	p.account.ID = 0
	return s.refuseEntry(ctx, tx, p, audit.GeoBlocked, errs.GeoBlocked)
}

// unusual tells why a place is, or nothing.
func (s *Service) unusual(ctx context.Context, tx Tx, p proven) (why string, err error) {
	if !s.placeRules.allows(p.place.Country) {
		return "country not allowed", nil
	}
	known, err := tx.CountriesOf(ctx, p.account.ID)
	if err != nil {
		return "", err
	}
	if p.place.Country != "" && len(known) > 0 && !slices.Contains(known, p.place.Country) {
		return "new country", nil
	}
	const recent = 5
	visits, err := tx.VisitsOf(ctx, p.account.ID, recent)
	if err != nil {
		return "", err
	}
	for _, visit := range visits {
		if s.tooFast(s.places.Locate(visit.IP), visit.At, p.place) {
			return "too far too soon", nil
		}
	}
	return "", nil
}

// tooFast tells whether nobody can have come from there to here. Times of visits are cut to the hour,
// so the journey may have taken up to an hour less than it seems; who is in doubt is believed.
func (s *Service) tooFast(from Place, at time.Time, to Place) bool {
	if !from.Located || !to.Located {
		return false
	}
	return distance(from, to) > topSpeed*s.now().Sub(at).Hours()
}

// distance is that of two places on the surface of a sphere like the Earth, in km (haversine formula).
func distance(a, b Place) float64 {
	const radius, degree = 6371, math.Pi / 180
	square := func(x float64) float64 { return x * x }
	h := square(math.Sin((b.Latitude-a.Latitude)*degree/2)) +
		math.Cos(a.Latitude*degree)*math.Cos(b.Latitude*degree)*square(math.Sin((b.Longitude-a.Longitude)*degree/2))
	return 2 * radius * math.Asin(math.Min(1, math.Sqrt(h)))
}
