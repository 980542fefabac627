package testkit

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// Spot is an entry of a database of places.
type Spot struct {
	Network   string
	Country   string
	Lat, Long float64 // both 0: no coordinates
}

// Addresses of the spots that Places knows, of networks for documentation (RFC 5737, RFC 3849).
const (
	BerlinIP  = "192.0.2.10"
	TokyoIP   = "198.51.100.10"
	HamburgIP = "203.0.113.10"
)

// Spots are two towns of Germany and one of Japan.
func Spots() []Spot {
	return []Spot{
		{"192.0.2.0/24", "DE", 52.5, 13.4},
		{"203.0.113.0/24", "DE", 53.6, 10.0},
		{"198.51.100.0/24", "JP", 35.7, 139.7},
		{"2001:db8:1::/48", "JP", 35.7, 139.7},
	}
}

// Places writes a database of places and names the file.
func Places(t testing.TB, spots ...Spot) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Maska-Test-City", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, spot := range spots {
		entry := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(spot.Country)}}
		if spot.Lat != 0 || spot.Long != 0 {
			entry["location"] = mmdbtype.Map{"latitude": mmdbtype.Float64(spot.Lat), "longitude": mmdbtype.Float64(spot.Long)}
		}
		_, network, err := net.ParseCIDR(spot.Network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, entry); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "places.mmdb")
	file, err := os.Create(path)
	if err == nil {
		_, err = tree.WriteTo(file)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}
