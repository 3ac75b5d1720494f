// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"network-manager-softether/po"
)

// Endpoint is a host and a port, the way a person writes them.
type Endpoint struct {
	Host string // host name as typed, or an IP address without brackets
	Port uint16 // 0 = not given
}

// IsZero reports whether nothing is set.
func (e Endpoint) IsZero() bool { return e == Endpoint{} }

// String joins host and port, with brackets around an IPv6 address.
func (e Endpoint) String() string {
	if e.Port == 0 {
		return e.Host
	}
	host := e.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(e.Port))
}

const hostForms = "enter a host name or an IP address, with or without a port, as in vpn.example.com, vpn.example.com:8888, 192.0.2.1, 2001:db8::1 or [2001:db8::1]:8888"

// ParseEndpoint splits a host from its port and checks both, without resolving anything. A name with letters
// outside ASCII is left as it is. The error's text says what is allowed.
func ParseEndpoint(s string) (Endpoint, error) {
	if strings.Contains(s, "://") {
		return Endpoint{}, badHost(po.T("this is a URL; enter only the host name"))
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return endpointOf(addr, 0)
	}
	if strings.HasPrefix(s, "[") {
		var port string
		host, rest, ok := strings.Cut(s[1:], "]")
		if !ok {
			return Endpoint{}, badHost(po.T("the closing bracket is missing"))
		}
		if rest != "" {
			if port, ok = strings.CutPrefix(rest, ":"); !ok || port == "" {
				return Endpoint{}, badHost(po.T("only a colon and a port may follow the bracket"))
			}
		}
		addr, err := netip.ParseAddr(host)
		if err != nil || !addr.Is6() {
			return Endpoint{}, badHost(po.T("only an IPv6 address can be in brackets"))
		}
		n, err := parsePort(port, rest != "")
		if err != nil {
			return Endpoint{}, err
		}
		return endpointOf(addr, n)
	}
	host, port, given := strings.Cut(s, ":")
	if strings.Contains(port, ":") {
		return Endpoint{}, badHost(po.T("this is not an IPv6 address"))
	}
	n, err := parsePort(port, given)
	if err != nil {
		return Endpoint{}, err
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return endpointOf(addr, n)
	}
	if why := badHostName(host); why != "" {
		return Endpoint{}, badHost(why)
	}
	return Endpoint{Host: host, Port: n}, nil
}

// A hostError says why a text is not a host. Where there is no page with examples, it also says what one
// looks like.
type hostError struct{ why string }

func (e *hostError) Error() string { return e.why + "; " + po.T(hostForms) }

func badHost(why string) error { return &hostError{why} }

func parsePort(s string, given bool) (uint16, error) {
	if !given {
		return 0, nil
	}
	n, ok := decimal(s)
	if !ok || n < 1 || n > 65535 {
		return 0, po.Error("the port must be a number from 1 to 65535")
	}
	return uint16(n), nil
}

// endpointOf refuses the addresses that no server can have.
func endpointOf(addr netip.Addr, port uint16) (Endpoint, error) {
	a := addr.Unmap()
	if a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return Endpoint{}, badHost(po.T("this is not the address of a single host"))
	}
	if !isInterface(addr.Zone()) {
		return Endpoint{}, badHost(po.T("this is not an IPv6 address"))
	}
	return Endpoint{Host: addr.String(), Port: port}, nil
}

// isInterface reports whether a zone, which is empty for most addresses, can be an interface's name: what Linux
// permits, without the bracket that would end it here. netip permits anything.
func isInterface(zone string) bool {
	return len(zone) < 16 && !strings.ContainsAny(zone, "/:]") && !strings.ContainsFunc(zone, func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) })
}

// badHostName checks the syntax of a host name: RFC 1123 2.1 for ASCII, with the
// underscore that real networks use, and letters, marks and digits of any script
// for names in their own language. It returns what is wrong, or "".
func badHostName(name string) string {
	name = strings.TrimSuffix(name, ".")
	if name == "" {
		return po.T("the host name is empty")
	}
	if utf8.RuneCountInString(name) > 253 {
		return po.T("the host name is longer than 253 characters")
	}
	labels := strings.Split(strings.Map(plainDot, name), ".")
	for _, label := range labels {
		switch {
		case label == "":
			return po.T("the host name begins with a dot, or has two dots in a row")
		case utf8.RuneCountInString(label) > 63:
			return po.T("a part of the host name is longer than 63 characters")
		case strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-"):
			return po.T("a part of the host name begins or ends with a hyphen")
		}
		for _, r := range label {
			if !nameRune(r) {
				return po.F("the host name contains %s", strconv.QuoteRune(r))
			}
		}
	}
	// A name that ends in a number is a mistyped IPv4 address: no top-level domain is a number.
	last := labels[len(labels)-1]
	if strings.Trim(last, "0123456789") == "" || len(last) > 1 && (last[:2] == "0x" || last[:2] == "0X") && strings.Trim(last[2:], "0123456789abcdefABCDEF") == "" {
		return po.T("this is not an IPv4 address")
	}
	return ""
}

// plainDot turns the other full stops that separate labels into plain ones (RFC 3490 3.1).
func plainDot(r rune) rune {
	switch r {
	case '\u3002', '\uff0e', '\uff61':
		return '.'
	}
	return r
}

func nameRune(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	case r == '\u00b7', r == '\u0375', r == '\u05f3', r == '\u05f4', r == '\u30fb', r == '\u200c', r == '\u200d':
		return true // punctuation allowed within words: RFC 5892 A
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '\u3007'
}
