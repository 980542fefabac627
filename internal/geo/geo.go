// Package geo tells where addresses are, from a MaxMind DB file that lies beside the server: no address
// is ever told to another service.
package geo

import (
	"fmt"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"

	"maska/internal/session"
)

// DB is an open file. It is safe for concurrent use.
type DB struct{ reader *maxminddb.Reader }

// Open opens a file in the MaxMind DB format that has countries, and possibly coordinates, such as
// GeoLite2-Country or GeoLite2-City. The file is mapped into memory: whoever updates it must put another
// in its place, not write into it, and start the server again.
func Open(path string) (*DB, error) {
	reader, err := maxminddb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("GEOIP_DB: %s cannot be read as a MaxMind DB: %w", path, err)
	}
	return &DB{reader}, nil
}

// Close gives the file back. Nobody may ask any more.
func (d *DB) Close() error { return d.reader.Close() }

// record is what is read of an entry (MaxMind's GeoIP2 databases, "country" and "location").
type record struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Location struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
}

// Locate finds an address, or a network such as sessions keep. What the file does not know, or says in
// another form, is nowhere.
func (d *DB) Locate(address string) session.Place {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		network, err := netip.ParsePrefix(address)
		if err != nil {
			return session.Place{}
		}
		addr = network.Addr()
	}
	var r record
	if err := d.reader.Lookup(addr.Unmap().WithZone("")).Decode(&r); err != nil {
		return session.Place{} // a damaged entry is as good as none
	}
	var place session.Place
	if isCountry(r.Country.Code) {
		place.Country = r.Country.Code
	}
	if lat, long := r.Location.Latitude, r.Location.Longitude; lat != nil && long != nil && *lat >= -90 && *lat <= 90 && *long >= -180 && *long <= 180 {
		place.Latitude, place.Longitude, place.Located = *lat, *long, true
	}
	return place
}

// isCountry tells whether a text has the form of an ISO 3166-1 alpha-2 code.
func isCountry(code string) bool {
	isUpper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	return len(code) == 2 && isUpper(code[0]) && isUpper(code[1])
}
