// SPDX-License-Identifier: Apache-2.0

package der

import (
	"strings"
	"time"
	"unicode/utf16"
)

// A Certificate is what a person tells certificates apart by.
type Certificate struct {
	CommonName string // the last one of the subject; "" if it has none
	NotAfter   time.Time
}

// ParseCertificate reads an X.509 certificate (RFC 5280 4.1); ok is false for what has not the form of one.
func ParseCertificate(b []byte) (c Certificate, ok bool) {
	outer, ok := children(b, tagSequence)
	if !ok || len(outer) != 3 || !is(outer, tagSequence, tagSequence, tagBitString) {
		return c, false
	}
	body, ok := children(outer[0].whole, tagSequence)
	if !ok {
		return c, false
	}
	if is(body, tagExplicit0) { // the version; without it, version 1
		body = body[1:]
	}
	// serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
	if !is(body, tagInteger, tagSequence, tagSequence, tagSequence, tagSequence, tagSequence) {
		return c, false
	}
	validity, ok := children(body[3].whole, tagSequence)
	if !ok || len(validity) != 2 {
		return c, false
	}
	if c.NotAfter, ok = moment(validity[1]); !ok {
		return c, false
	}
	c.CommonName, ok = commonName(body[4].whole)
	return c, ok
}

// moment reads a Time: RFC 5280 4.1.2.5 allows these two forms, in UTC and with seconds.
func moment(e element) (time.Time, bool) {
	digits, form := string(e.content), "20060102150405Z"
	switch e.tag {
	case tagUTCTime:
		if digits >= "5" { // a year of two digits, from 1950 to 2049
			digits = "19" + digits
		} else {
			digits = "20" + digits
		}
	case tagTime:
	default:
		return time.Time{}, false
	}
	t, err := time.Parse(form, digits)
	return t, err == nil
}

// oidCommonName is id-at-commonName, 2.5.4.3.
const oidCommonName = "\x55\x04\x03"

// commonName reads a Name: a sequence of sets of pairs of type and value.
func commonName(name []byte) (cn string, ok bool) {
	sets, ok := children(name, tagSequence)
	if !ok {
		return "", false
	}
	for _, set := range sets {
		pairs, ok := children(set.whole, tagSet)
		if !ok {
			return "", false
		}
		for _, pair := range pairs {
			p, ok := children(pair.whole, tagSequence)
			if !ok || len(p) != 2 || p[0].tag != tagOID {
				return "", false
			}
			if string(p[0].content) == oidCommonName {
				cn = text(p[1])
			}
		}
	}
	return cn, true
}

// text reads a DirectoryString. All its kinds but one are UTF-8 or its subset ASCII in any certificate made since 2004.
func text(e element) string {
	if e.tag != tagBMPString {
		return strings.ToValidUTF8(string(e.content), "?")
	}
	units := make([]uint16, len(e.content)/2)
	for i := range units {
		units[i] = uint16(e.content[2*i])<<8 | uint16(e.content[2*i+1])
	}
	return string(utf16.Decode(units))
}
