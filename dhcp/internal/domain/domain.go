// SPDX-License-Identifier: Apache-2.0

// Package domain reads the domain names that DHCP servers and routers hand out and accepts only what may go
// into a resolver's configuration.
package domain

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Limits: of one name in text form and of one label (RFC 1035 2.3.4), and of the names in a list, which is
// more than any resolver uses.
const (
	maxName  = 253
	maxLabel = 63
	MaxNames = 32
)

// ErrMalformed is returned for a list that ends inside a name or whose
// compression pointers do not point backwards.
var ErrMalformed = errors.New("malformed list of domain names")

// Clean returns name in lower case, without a dot at either end, and with non-ASCII characters in their DNS
// form (RFC 5890). It reports false unless name is one or more labels of letters, digits, '-' and '_' (which
// Windows domains use), none of them starting or ending with '-', and not an IP address.
func Clean(name string) (string, bool) {
	name = strings.ToLower(strings.TrimPrefix(strings.TrimSuffix(name, "."), "."))
	if strings.IndexFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		if len(name) > maxName || !utf8.ValidString(name) {
			return "", false
		}
		ascii, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return "", false
		}
		name = ascii
	}
	if name == "" || len(name) > maxName {
		return "", false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !validLabel(label) {
			return "", false
		}
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", false
	}
	return name, true
}

func validLabel(label string) bool {
	if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		c := label[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// ParseList decodes a sequence of names in the wire format of RFC 1035 3.1, with compression pointers into b
// itself if pointers is set (RFC 3397; DHCPv6 and router advertisements have none). Root names, the padding
// of router advertisements, are skipped. It returns the names that are [Clean], without duplicates and at
// most [MaxNames] of them, and how many it left out. After an error, the names before the damage are still
// good.
//
// Every pointer must point to before the place where the previous one (or the name itself) started, so
// decoding a name ends after at most len(b) steps.
//
// insomniacslk's rfc1035label was tried in its place. It refuses a pointer to a name that itself ends in a
// pointer (which RFC 1035 4.1.4 allows), accepts pointers where there may be none, a name without an end, and
// a label with a dot in it as two, returns nothing of a list that is damaged at its end, and turned 4 KB of
// pointers into 2 MB.
func ParseList(b []byte, pointers bool) (names []string, dropped int, err error) {
	for pos := 0; pos < len(b); {
		raw, next, err := parseName(b, pos, pointers)
		if err != nil {
			return names, dropped, err
		}
		pos = next
		if raw == "" {
			continue
		}
		name, ok := Clean(raw)
		switch {
		case !ok || len(names) == MaxNames:
			dropped++
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	return names, dropped, nil
}

// parseName decodes the name at pos and returns it with dots between the labels, and where the next name
// starts. A label with a dot or another odd byte in it turns into a name that Clean refuses.
func parseName(b []byte, pos int, pointers bool) (name string, next int, err error) {
	var text strings.Builder
	floor := pos // where the part being read begins
	next = -1
	for {
		if pos >= len(b) {
			return "", 0, ErrMalformed
		}
		n := int(b[pos])
		pos++
		switch {
		case n == 0:
			if next < 0 {
				next = pos
			}
			return text.String(), next, nil
		case n <= maxLabel:
			if n > len(b)-pos || text.Len()+n > 2*maxName {
				return "", 0, ErrMalformed
			}
			if text.Len() > 0 {
				text.WriteByte('.')
			}
			label := string(b[pos : pos+n])
			if strings.Contains(label, ".") {
				label = "?" // not a valid label, so the whole name is refused
			}
			text.WriteString(label)
			pos += n
		case n >= 0xc0 && pointers && pos < len(b):
			to := (n&0x3f)<<8 | int(b[pos])
			if next < 0 {
				next = pos + 1
			}
			if to >= floor {
				return "", 0, ErrMalformed
			}
			pos, floor = to, to
		default:
			return "", 0, ErrMalformed
		}
	}
}
