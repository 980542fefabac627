package limit

import "net/netip"

// IPKey is the key under which a client address is counted: an IPv4 address by
// itself, an IPv6 address by its /64, because one customer has a whole /64.
// Whatever is no address shares one key.
func IPKey(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
