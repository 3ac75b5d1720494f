// SPDX-License-Identifier: Apache-2.0

package der

// The labels of private keys in PEM, which name their forms.
const (
	PKCS1 = "RSA PRIVATE KEY" // RFC 8017 A.1.2
	SEC1  = "EC PRIVATE KEY"  // RFC 5915
	PKCS8 = "PRIVATE KEY"     // RFC 5958, not encrypted
)

// KeyLabel returns the PEM label of an unencrypted private key, "" for anything else.
func KeyLabel(b []byte) string {
	list, ok := children(b, tagSequence)
	switch {
	case !ok:
	case len(list) >= 9 && is(list, tagInteger, tagInteger, tagInteger, tagInteger, tagInteger, tagInteger, tagInteger, tagInteger, tagInteger):
		return PKCS1
	case is(list, tagInteger, tagOctets):
		return SEC1
	case is(list, tagInteger, tagSequence, tagOctets):
		return PKCS8
	}
	return ""
}

// FirstKey returns the private key that b begins with, and its label; "" if there is none.
func FirstKey(b []byte) (key []byte, label string) {
	key = First(b)
	return key, KeyLabel(key)
}

// EncryptedPKCS8 is the PEM label of what [IsEncryptedKey] recognizes.
const EncryptedPKCS8 = "ENCRYPTED PRIVATE KEY" // RFC 5958 3

// IsEncryptedKey reports whether b has the form of an encrypted private key in PKCS #8.
func IsEncryptedKey(b []byte) bool {
	list, ok := children(b, tagSequence)
	return ok && len(list) == 2 && is(list, tagSequence, tagOctets)
}

// IsPKCS12 reports whether b has the form of a PKCS #12 file (RFC 7292 4), which holds a key and its certificates.
func IsPKCS12(b []byte) bool {
	list, ok := children(b, tagSequence)
	return ok && is(list, tagInteger, tagSequence) && string(list[0].content) == "\x03"
}

// Object identifiers of algorithms: rsaEncryption (RFC 8017 A.1) and id-ecPublicKey (RFC 5480 2.1.1).
const (
	oidRSA = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
	oidEC  = "\x2a\x86\x48\xce\x3d\x02\x01"
)

// Traditional unwraps a PKCS #8 key: an RSA key becomes PKCS #1, an elliptic curve key becomes SEC 1 with the
// name of its curve. ok is false for other algorithms.
func Traditional(pkcs8 []byte) (key []byte, ok bool) {
	list, ok := children(pkcs8, tagSequence)
	if !ok || !is(list, tagInteger, tagSequence, tagOctets) {
		return nil, false
	}
	algorithm, ok := children(list[1].whole, tagSequence)
	if !ok || !is(algorithm, tagOID) {
		return nil, false
	}
	key = list[2].content
	switch string(algorithm[0].content) {
	case oidRSA:
		return key, KeyLabel(key) == PKCS1
	case oidEC:
		if KeyLabel(key) != SEC1 || !is(algorithm, tagOID, tagOID) {
			return nil, false
		}
		return withCurve(key, algorithm[1].whole), true
	}
	return nil, false
}

// withCurve puts the name of the curve, which PKCS #8 has beside the key, into the key itself: [0]
// parameters, between the private and the public key.
func withCurve(sec1, curve []byte) []byte {
	list, _ := children(sec1, tagSequence) // checked by the caller
	content := append(append([]byte(nil), list[0].whole...), list[1].whole...)
	content = append(content, wrap(tagExplicit0, curve)...)
	for _, e := range list[2:] {
		if e.tag == tagExplicit1 {
			content = append(content, e.whole...)
		}
	}
	return wrap(tagSequence, content)
}

// wrap encodes an element of at most 64 kB.
func wrap(tag byte, content []byte) []byte {
	n := len(content)
	head := []byte{tag, byte(n)}
	switch {
	case n >= 0x100:
		head = []byte{tag, longLength + 2, byte(n >> 8), byte(n)}
	case n >= longLength:
		head = []byte{tag, longLength + 1, byte(n)}
	}
	return append(head, content...)
}
