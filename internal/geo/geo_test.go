package geo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"maska/internal/geo"
	"maska/internal/session"
	"maska/internal/testkit"
)

func open(t *testing.T, path string) *geo.DB {
	t.Helper()
	db, err := geo.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestAddressesAndNetworksAreFound(t *testing.T) {
	t.Parallel()
	spots := append(testkit.Spots(),
		testkit.Spot{Network: "100.64.0.0/24", Country: "FR"},
		testkit.Spot{Network: "100.64.1.0/24", Country: "Atlantis", Lat: 1, Long: 2},
		testkit.Spot{Network: "100.64.2.0/24", Country: "DE", Lat: 91, Long: 181})
	db := open(t, testkit.Places(t, spots...))
	berlin := session.Place{Country: "DE", Latitude: 52.5, Longitude: 13.4, Located: true}
	tokyo := session.Place{Country: "JP", Latitude: 35.7, Longitude: 139.7, Located: true}
	for address, want := range map[string]session.Place{
		testkit.BerlinIP: berlin, "192.0.2.0/24": berlin, "::ffff:192.0.2.1": berlin,
		testkit.TokyoIP: tokyo, "2001:db8:1::7": tokyo, "2001:db8:1::/48": tokyo, "2001:db8:1::7%eth0": tokyo,
		"100.64.0.1":  {Country: "FR"},
		"100.64.1.1":  {Latitude: 1, Longitude: 2, Located: true}, // that is no country
		"100.64.2.1":  {Country: "DE"},                            // and that no place on Earth
		"10.0.0.1":    {},
		"2001:db8::1": {},
		"":            {}, "unknown": {}, "192.0.2.1:80": {}, "192.0.2.0/99": {},
	} {
		if got := db.Locate(address); got != want {
			t.Errorf("%q: %+v, want %+v", address, got, want)
		}
	}
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	other := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(other, []byte("not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{other, filepath.Join(t.TempDir(), "nothing.mmdb")} {
		if db, err := geo.Open(path); err == nil || !strings.HasPrefix(err.Error(), "GEOIP_DB: "+path) {
			t.Errorf("%v, %v", db, err)
		}
	}
}

func TestADamagedDatabaseNeverPanics(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(testkit.Places(t, testkit.Spots()...))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 0xff
		path := filepath.Join(t.TempDir(), "places.mmdb")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := geo.Open(path)
		if err != nil {
			continue
		}
		for _, address := range []string{testkit.BerlinIP, testkit.TokyoIP, "2001:db8:1::7", "::"} {
			if place := db.Locate(address); len(place.Country) != 0 && len(place.Country) != 2 {
				t.Errorf("byte %d: %+v", i, place)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
