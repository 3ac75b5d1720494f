// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/domain"
	"network-manager-softether/dhcp/internal/packet"
)

// ICMPv6 types and the options of a router advertisement (RFC 4861, 4191, 8106).
const (
	typeSolicitation  = 133
	typeAdvertisement = 134

	optPrefix    = 3
	optMTU       = 5
	optRouteInfo = 24
	optRDNSS     = 25
	optDNSSL     = 31

	advertLen = 16 // without options
)

// forever is a lifetime without end, 0xffffffff on the wire.
const forever = time.Duration(math.MaxInt64)

func lifetime(seconds uint32) time.Duration {
	if seconds == math.MaxUint32 {
		return forever
	}
	return time.Duration(seconds) * time.Second
}

// preference is what a router claims for itself or a route (RFC 4191 2.1).
type preference int

const (
	low    preference = -1
	medium preference = 0
	high   preference = 1
)

// advert is a router advertisement after all checks; lifetimes are relative to its arrival.
type advert struct {
	router         netip.Addr
	managed, other bool
	pref           preference
	life           time.Duration // as default router; 0: it is not one
	mtu            int           // 0: not given
	prefixes       []prefixInfo
	routes         []routeInfo
	dns            []dnsInfo
	domains        []domainInfo
	damaged        int // options that could not be read
}

type prefixInfo struct {
	prefix           netip.Prefix
	onLink, auto     bool
	valid, preferred time.Duration
}

type routeInfo struct {
	dst  netip.Prefix
	pref preference
	life time.Duration
}

type dnsInfo struct {
	addr netip.Addr
	life time.Duration
}

type domainInfo struct {
	name string
	life time.Duration
}

// parseAdvert parses frame. It reports false for everything but a router advertisement that is valid under
// RFC 4861 6.1.2: with a hop limit of 255, so that it cannot come from beyond the link, and a link-local
// source.
//
// A damaged option is left out and counted; the codec alone would give up the whole message for it.
func parseAdvert(frame []byte) (*advert, bool) {
	m, ok := packet.ParseICMPv6(frame)
	if !ok || m.HopLimit != 255 || !m.Src.IsLinkLocalUnicast() || len(m.Message) < advertLen ||
		m.Message[0] != typeAdvertisement || m.Message[1] != 0 {
		return nil, false
	}
	head, opts := m.Message[:advertLen], m.Message[advertLen:]
	parsed, err := ndp.ParseMessage(head)
	if err != nil {
		return nil, false
	}
	ra := parsed.(*ndp.RouterAdvertisement)
	a := &advert{
		router:  m.Src,
		managed: ra.ManagedConfiguration,
		other:   ra.OtherConfiguration,
		pref:    prefOf(ra.RouterSelectionPreference),
		life:    ra.RouterLifetime,
	}
	for len(opts) > 0 {
		if len(opts) < 2 {
			return nil, false
		}
		n := int(opts[1]) * 8
		if n == 0 || n > len(opts) {
			return nil, false // RFC 4861 6.1.2: the whole message is invalid
		}
		if !a.option(head, opts[:n:n]) {
			a.damaged++
		}
		opts = opts[n:]
	}
	return a, true
}

func prefOf(p ndp.Preference) preference {
	switch p {
	case ndp.High:
		return high
	case ndp.Low:
		return low
	}
	return medium
}

// option processes one option, o, and reports false if it is damaged. Unknown ones are ignored.
//
// Route information and search lists are decoded here and not by the codec, which (ndp 1.1.0) drops the bits
// of a prefix after its last whole byte, and converts domains to Unicode, refusing all of them for one that
// it dislikes.
func (a *advert) option(head, o []byte) bool {
	switch o[0] {
	case optRouteInfo:
		return a.routeInformation(o)
	case optDNSSL:
		return a.searchList(o)
	case optPrefix, optMTU, optRDNSS:
	default:
		return true
	}
	m, err := ndp.ParseMessage(append(slices.Clip(head), o...))
	if err != nil {
		return false
	}
	switch o := m.(*ndp.RouterAdvertisement).Options[0].(type) {
	case *ndp.PrefixInformation:
		return a.prefix(o)
	case *ndp.MTU:
		a.mtu = int(o.MTU)
	case *ndp.RecursiveDNSServer:
		for _, server := range o.Servers {
			a.dns = append(a.dns, dnsInfo{server, lifetime(uint32(o.Lifetime / time.Second))})
		}
	}
	return true
}

// prefix checks a prefix option under RFC 4862 5.5.3.
func (a *advert) prefix(o *ndp.PrefixInformation) bool {
	p := prefixInfo{
		prefix:    netip.PrefixFrom(o.Prefix, int(o.PrefixLength)),
		onLink:    o.OnLink,
		auto:      o.AutonomousAddressConfiguration,
		valid:     lifetime(uint32(o.ValidLifetime / time.Second)),
		preferred: lifetime(uint32(o.PreferredLifetime / time.Second)),
	}
	if !p.prefix.IsValid() || p.preferred > p.valid {
		return false
	}
	a.prefixes = append(a.prefixes, p)
	return true
}

// routeInformation reads the option of RFC 4191 2.3: type, length, prefix length, preference bits, lifetime,
// and as much of the prefix as the length says.
func (a *advert) routeInformation(o []byte) bool {
	length, body := int(o[2]), o[8:]
	if length > 128 || len(body) > 16 || len(body)*8 < length {
		return false
	}
	var addr [16]byte
	copy(addr[:], body)
	r := routeInfo{
		dst:  netip.PrefixFrom(netip.AddrFrom16(addr), length).Masked(),
		life: lifetime(binary.BigEndian.Uint32(o[4:])),
	}
	switch o[3] >> 3 & 3 {
	case 1:
		r.pref = high
	case 2:
		return false // reserved: the option must be ignored
	case 3:
		r.pref = low
	}
	a.routes = append(a.routes, r)
	return true
}

// searchList reads the option of RFC 8106 5.2: type, length, reserved, lifetime, names padded with zeros.
func (a *advert) searchList(o []byte) bool {
	life := lifetime(binary.BigEndian.Uint32(o[4:]))
	names, dropped, err := domain.ParseList(o[8:], false)
	for _, name := range names {
		a.domains = append(a.domains, domainInfo{name, life})
	}
	return err == nil && dropped == 0
}
