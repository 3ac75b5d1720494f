// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf16"
)

// A Certificate is what a person tells certificates apart by.
type Certificate struct {
	CommonName string // the last one of the subject; "" if it has none
	LastDay    string // of its validity, in UTC: YYYY-MM-DD
	RSABits    int    // length of its key if that is an RSA key proper, else 0
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
	if c.LastDay, ok = dayOf(validity[1]); !ok {
		return c, false
	}
	c.RSABits = rsaBits(body[5].whole)
	c.CommonName, ok = commonName(body[4].whole)
	return c, ok
}

// rsaBits returns the length of the key in a SubjectPublicKeyInfo (RFC 3279 2.3.1), 0 if its algorithm is not rsaEncryption.
func rsaBits(info []byte) int {
	list, ok := children(info, tagSequence)
	if !ok || !is(list, tagSequence, tagBitString) || len(list[1].content) == 0 || list[1].content[0] != 0 {
		return 0
	}
	algorithm, ok := children(list[0].whole, tagSequence)
	if !ok || !is(algorithm, tagOID) || string(algorithm[0].content) != oidRSA {
		return 0
	}
	key, ok := children(list[1].content[1:], tagSequence)
	if !ok || !is(key, tagInteger, tagInteger) {
		return 0
	}
	modulus := bytes.TrimLeft(key[0].content, "\x00")
	if len(modulus) == 0 {
		return 0
	}
	return 8*(len(modulus)-1) + bits.Len8(modulus[0])
}

// dayOf reads a Time: RFC 5280 4.1.2.5 allows these two forms, in UTC and with seconds. It is not for time.Parse, which
// would bring time zones into every settings program.
func dayOf(e element) (string, bool) {
	t := string(e.content)
	switch e.tag {
	case tagUTCTime:
		if t >= "5" { // a year of two digits, from 1950 to 2049
			t = "19" + t
		} else {
			t = "20" + t
		}
	case tagTime:
	default:
		return "", false
	}
	digits, utc := strings.CutSuffix(t, "Z")
	if !utc || len(digits) != len("YYYYMMDDhhmmss") || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", false
	}
	two := func(i int) int { return int(digits[i]-'0')*10 + int(digits[i+1]-'0') }
	month, day := two(4), two(6)
	if month < 1 || month > 12 || day < 1 || day > daysIn(two(0)*100+two(2), month) || two(8) > 23 || two(10) > 59 || two(12) > 59 {
		return "", false
	}
	return digits[:4] + "-" + digits[4:6] + "-" + digits[6:8], true
}

func daysIn(year, month int) int {
	switch {
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	case month != 2:
		return 31
	case year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	}
	return 28
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
