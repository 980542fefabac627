package session

import "net/netip"

// CutIP reduces an address to its network: /24 for IPv4, /48 for IPv6 (decision 10). Anything that
// is not an address becomes empty.
func CutIP(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}
