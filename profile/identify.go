// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Automatic is what the settings ipv4 and ipv6 say about how this computer gets its addresses and how it
// identifies itself to whoever gives them: NetworkManager's properties of the same names. The zero value of
// each is NetworkManager's default.
type Automatic struct {
	SilentHostname bool   // dhcp-send-hostname=no
	Hostname       string // dhcp-hostname
	FQDN           string // dhcp-fqdn
	ClientID       string // dhcp-client-id
	VendorClass    string // dhcp-vendor-class-identifier
	IAID           string // dhcp-iaid
	DUID           string // dhcp-duid
	RejectServers  []string
	DHCPTimeout    time.Duration // dhcp-timeout
	DADTimeout     time.Duration // dad-timeout; less than 0: NetworkManager's default
	AddrGenMode    string        // addr-gen-mode, as a word; empty: default
	TemporaryIPv6  int           // ip6-privacy: 1 as well, 2 preferred
	Token          string        // token
	LinkLocal      bool          // link-local=enabled
	SendRelease    bool          // dhcp-send-release, of NetworkManager 1.48 and later
}

// Identity is the result of an Automatic: what is sent, and what addresses are formed from.
type Identity struct {
	Hostname    string         // option 12
	FQDN        string         // option 81, in place of 12
	ClientID    []byte         // option 61 with its type byte; nil: from the MAC address
	VendorClass string         // option 60
	Reject      []netip.Prefix // DHCP servers to ignore
	DUID        []byte         // of DHCPv6; nil: from the MAC address
	IAID6       *uint32        // of DHCPv6; nil: from the MAC address
	Token       [8]byte        // interface identifier; zero: by StableIPv6
	StableIPv6  bool           // addresses according to RFC 7217 instead of those from the MAC address
	// TemporaryIPv6 says whether there are temporary addresses (RFC 8981): 1 as well, 2 preferred.
	TemporaryIPv6 int
}

// identify interprets the properties of both families. What is not possible is refused by name, unless things
// work without it.
func (p *Profile) identify() ([]Warning, error) {
	four, six := p.IPv4.Automatic, p.IPv6.Automatic
	id := Identity{Hostname: p.Hostname, VendorClass: four.VendorClass}
	if id.Hostname == "" && !four.SilentHostname {
		id.Hostname, id.FQDN = four.Hostname, four.FQDN
	}
	for name, value := range map[string]string{"ipv4.dhcp-hostname": id.Hostname, "ipv4.dhcp-fqdn": id.FQDN} {
		if why := badHostName(value); value != "" && (why != "" || !ascii(value) || len(value) > 253) {
			return nil, &ValueError{Key: name, Value: shown(value), Allowed: "a host name in ASCII"}
		}
	}
	if len(id.VendorClass) > 255 {
		return nil, &ValueError{Key: "ipv4.dhcp-vendor-class-identifier", Allowed: "at most 255 bytes"}
	}
	var err error
	if id.ClientID, err = clientID(four.ClientID); err != nil {
		return nil, err
	}
	if id.Reject, err = prefixes("ipv4.dhcp-reject-servers", four.RejectServers); err != nil {
		return nil, err
	}
	if id.DUID, err = duid(six.DUID); err != nil {
		return nil, err
	}
	var known bool
	id.IAID6, known = iaid(six.IAID)
	if id.Token, err = token(six.Token); err != nil {
		return nil, err
	}
	id.StableIPv6 = six.AddrGenMode == "stable-privacy"
	id.TemporaryIPv6 = min(max(six.TemporaryIPv6, 0), 2)
	p.Identity = id

	var w []Warning
	add := func(when bool, key, text string) {
		if when {
			w = append(w, Warning{key, text})
		}
	}
	add(four.IAID != "", "ipv4.dhcp-iaid", "not used, as the client identifier has none in it; set ipv4.dhcp-client-id to the whole of it in hexadecimal")
	add(!known, "ipv6.dhcp-iaid", "not used: it follows from the MAC address of the connection")
	add(six.Hostname != "", "ipv6.dhcp-hostname", "not sent: DHCPv6 servers are told no name")
	add(four.LinkLocal, "ipv4.link-local", "not used: without a lease there is no IPv4 address")
	add(p.Hostname != "" && (four.SilentHostname || four.Hostname != "" && four.Hostname != p.Hostname), "dhcp-hostname", "this name is sent, whatever ipv4.dhcp-hostname and dhcp-send-hostname say")
	return w, nil
}

// clientID interprets ipv4.dhcp-client-id as NetworkManager does: a word, bytes in hexadecimal with colons,
// or text, which is preceded by a byte 0.
func clientID(s string) ([]byte, error) {
	const key = "ipv4.dhcp-client-id"
	switch s {
	case "", "mac":
		return nil, nil
	case "perm-mac", "stable", "duid", "ipv6-duid", "none":
		return nil, &ValueError{Key: key, Value: s, Allowed: "mac, bytes as in 01:5e:00:53:01:02:03, or text; the MAC address of the connection is stable by itself"}
	}
	if strings.Contains(s, ":") {
		if b, err := hex.DecodeString(strings.ReplaceAll(s, ":", "")); err == nil && len(b) >= 2 && len(b) <= 255 {
			return b, nil
		}
	}
	if len(s) > 254 || plainText(s) != nil {
		return nil, &ValueError{Key: key, Value: shown(s), Allowed: "at most 254 bytes of text"}
	}
	return append([]byte{0}, s...), nil
}

// duid interprets ipv6.dhcp-duid.
func duid(s string) ([]byte, error) {
	switch s {
	case "", "ll":
		return nil, nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil || len(b) < 3 || len(b) > 130 {
		return nil, &ValueError{Key: "ipv6.dhcp-duid", Value: shown(s), Allowed: "ll (from the MAC address of the connection), or 3 to 130 bytes in hexadecimal"}
	}
	return b, nil
}

// iaid interprets ipv6.dhcp-iaid: a number, or a word, of which "mac" is what is done anyway.
func iaid(s string) (n *uint32, known bool) {
	if v, err := strconv.ParseUint(s, 10, 32); err == nil {
		u := uint32(v)
		return &u, true
	}
	return nil, s == "" || s == "mac"
}

// token interprets ipv6.token: an address whose first half is zero.
func token(s string) (id [8]byte, err error) {
	if s == "" {
		return id, nil
	}
	a, parseErr := netip.ParseAddr(s)
	whole := a.As16()
	id = [8]byte(whole[8:])
	if parseErr != nil || !a.Is6() || a.Zone() != "" || [8]byte(whole[:8]) != [8]byte{} || id == [8]byte{} {
		return [8]byte{}, &ValueError{Key: "ipv6.token", Value: shown(s), Allowed: "an interface identifier as in ::1:2:3:4"}
	}
	return id, nil
}

// prefixes reads IPv4 addresses and networks.
func prefixes(key string, list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if a, alone := netip.ParseAddr(s); alone == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || !p.Addr().Is4() {
			return nil, &ValueError{Key: key, Value: shown(s), Allowed: "IPv4 addresses and networks"}
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// methodsFit refuses what NetworkManager would not do for a VPN.
func methodsFit(src Source) error {
	for _, m := range []struct{ key, value, allowed string }{
		{"ipv4.method", src.IPv4Method, "auto manual disabled"},
		{"ipv6.method", src.IPv6Method, "auto manual disabled ignore link-local"},
	} {
		if m.value == "" || strings.Contains(" "+m.allowed+" ", " "+m.value+" ") {
			continue
		}
		text := "a VPN can have " + strings.ReplaceAll(m.allowed, " ", ", ")
		if m.value == "dhcp" {
			text += "; auto asks DHCPv6 servers where a router says so"
		}
		return &ValueError{Key: m.key, Value: shown(m.value), Allowed: text}
	}
	return nil
}
