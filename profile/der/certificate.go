// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Certificate is what people tell certificates apart by.
type Certificate struct {
	CommonName string // the last one of the subject; "" if it has none
	LastDay    string // of its validity, in UTC: YYYY-MM-DD; "" if it cannot be read
	RSABits    int    // length of its key if that is an RSA key proper, else 0
	OtherKey   bool   // its key is one of another kind that OpenSSL knows
}

// ParseCertificate reads an X.509 certificate (RFC 5280 4.1). ok is false for what OpenSSL, which the
// official programs use, would not read: it examines dates and extensions only when it needs them.
func ParseCertificate(b []byte) (c Certificate, ok bool) {
	outer, ok := children(b, tagSequence)
	if !ok || len(outer) != 3 || !is(outer, tagSequence, tagSequence, tagBitString) || !isAlgorithm(outer[1]) {
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
	if !ok || len(validity) != 2 || !isTime(validity[0]) || !isTime(validity[1]) || !isAlgorithm(body[1]) {
		return c, false
	}
	c.LastDay, _ = dayOf(validity[1])
	if c.RSABits, c.OtherKey, ok = keyOf(body[5].whole); !ok {
		return c, false
	}
	if _, ok = commonName(body[2].whole); !ok { // the issuer
		return c, false
	}
	c.CommonName, ok = commonName(body[4].whole)
	return c, ok && isRest(body[6:])
}

func isTime(e element) bool { return e.tag == tagUTCTime || e.tag == tagTime }

// isAlgorithm reports whether e is an AlgorithmIdentifier.
func isAlgorithm(e element) bool {
	list, ok := children(e.whole, tagSequence)
	return ok && is(list, tagOID) && len(list) <= 2
}

// isRest reports whether what follows the key is permitted there: two unique identifiers and extensions.
func isRest(list []element) bool {
	for _, tag := range []byte{tagImplicit1, tagImplicit2} {
		if is(list, tag) {
			list = list[1:]
		}
	}
	if len(list) == 0 {
		return true
	}
	wrapped, ok := children(list[0].whole, tagExplicit3)
	if !ok || len(list) > 1 || len(wrapped) != 1 {
		return false
	}
	extensions, ok := children(wrapped[0].whole, tagSequence)
	for _, e := range extensions {
		parts, whole := children(e.whole, tagSequence)
		critical := is(parts, tagOID, tagBoolean, tagOctets) && len(parts[1].content) == 1
		ok = ok && whole && (len(parts) == 3 && critical || len(parts) == 2 && is(parts, tagOID, tagOctets))
	}
	return ok
}

// otherKeys are the algorithms of keys besides RSA that OpenSSL 3.0 knows: on elliptic curves, DSA, RSA-PSS, Ed25519,
// Ed448, X25519 and X448.
var otherKeys = []string{
	oidEC, "\x2a\x86\x48\xce\x38\x04\x01", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
	"\x2b\x65\x70", "\x2b\x65\x71", "\x2b\x65\x6e", "\x2b\x65\x6f",
}

// keyOf reads a SubjectPublicKeyInfo (RFC 3279 2.3.1); ok is false for malformed ones. A key that nobody can
// use is well-formed.
func keyOf(info []byte) (rsaBits int, other, ok bool) {
	list, ok := children(info, tagSequence)
	if !ok || len(list) != 2 || !is(list, tagSequence, tagBitString) || !isAlgorithm(list[0]) || len(list[1].content) == 0 {
		return 0, false, false
	}
	algorithm, _ := children(list[0].whole, tagSequence)
	if oid := string(algorithm[0].content); oid != oidRSA {
		return 0, slices.Contains(otherKeys, oid), true
	}
	key, whole := children(list[1].content[1:], tagSequence)
	if !whole || len(key) != 2 || !is(key, tagInteger, tagInteger) || list[1].content[0] != 0 {
		return 0, false, true
	}
	modulus := bytes.TrimLeft(key[0].content, "\x00")
	if len(modulus) == 0 {
		return 0, false, true
	}
	return 8*(len(modulus)-1) + bits.Len8(modulus[0]), false, true
}

// dayOf reads a Time: RFC 5280 4.1.2.5 permits these two forms, in UTC and with seconds. It does not use
// time.Parse, which would bring time zones into every settings program.
func dayOf(e element) (string, bool) {
	t := string(e.content)
	switch e.tag {
	case tagUTCTime:
		if t >= "5" { // a two-digit year, from 1950 to 2049
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

// text reads a DirectoryString. All its kinds but one are UTF-8, or its subset ASCII, in any certificate made
// since 2004.
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
