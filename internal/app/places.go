package app

import (
	"maska/internal/config"
	"maska/internal/geo"
	"maska/internal/session"
)

// openPlaces opens the file that tells where addresses are, if the settings name one, and sets what
// follows from places.
func (a *App) openPlaces(cfg *session.Config) (err error) {
	if a.cfg.GeoIPDB == "" {
		return nil
	}
	if a.places, err = geo.Open(a.cfg.GeoIPDB); err != nil {
		return err
	}
	cfg.Places = a.places
	if a.cfg.GeoPolicy != config.GeoOff {
		cfg.PlaceRules = session.PlaceRules{Watch: true, Refuse: a.cfg.GeoPolicy == config.GeoBlock, Allow: a.cfg.GeoAllow, Deny: a.cfg.GeoDeny}
	}
	return nil
}
