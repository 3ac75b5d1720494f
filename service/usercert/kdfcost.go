// SPDX-License-Identifier: Apache-2.0

package usercert

import (
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	asn1tag "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds on what deriving a key from a password may cost. OpenSSL's default is 2,048 rounds, and 16 MiB with
// scrypt.
const (
	maxRounds       = 5_000_000 // of all derivations in a file together
	maxScryptMemory = 256 << 20 // bytes: 128 N r
	maxScryptWork   = 1 << 30   // bytes: 128 N r p
	maxDepth        = 32        // of nested DER values
)

var oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11} // RFC 7914 7

// affordable checks every key derivation that is visible in der, however deep: PBKDF2, those of PKCS #12 and
// its MAC all have the number of rounds after the salt, an INTEGER after an OCTET STRING (RFC 8018 A, RFC
// 7292 4 and C). What PKCS #12 hides inside an encrypted part is not visible; it can cost time, but no
// memory.
func affordable(der []byte) error {
	rounds := uint64(0)
	return walk(cryptobyte.String(der), 0, &rounds)
}

// walk checks the values in s, which are those of one sequence, and what is in them. It adds the rounds that
// it sees to sum.
func walk(s cryptobyte.String, depth int, sum *uint64) error {
	if depth > maxDepth {
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	var before asn1tag.Tag // of the last value
	var scrypt bool        // the last value was scrypt's name
	for !s.Empty() {
		var body cryptobyte.String
		var tag asn1tag.Tag
		whole := s
		if !s.ReadAnyASN1(&body, &tag) {
			return nil // not DER: the readers will say so
		}
		switch {
		case tag == asn1tag.INTEGER && before == asn1tag.OCTET_STRING:
			var rounds uint32
			if !whole.ReadASN1Integer(&rounds) {
				rounds = maxRounds + 1
			}
			if *sum += uint64(rounds); *sum > maxRounds {
				return fmt.Errorf("its password needs more than %d rounds", maxRounds)
			}
		case scrypt && tag == asn1tag.SEQUENCE:
			if err := affordableScrypt(body); err != nil {
				return err
			}
		case tag == asn1tag.OCTET_STRING || tag&0x20 != 0: // constructed
			if err := walk(body, depth+1, sum); err != nil {
				return err
			}
		}
		before, scrypt = tag, false
		if tag == asn1tag.OBJECT_IDENTIFIER {
			var oid asn1.ObjectIdentifier
			scrypt = whole.ReadASN1ObjectIdentifier(&oid) && oid.Equal(oidScrypt)
		}
	}
	return nil
}

// affordableScrypt checks salt, N, r and p (RFC 7914 7).
func affordableScrypt(s cryptobyte.String) error {
	var salt cryptobyte.String
	var n, r, p uint32
	if !s.ReadASN1(&salt, asn1tag.OCTET_STRING) || !s.ReadASN1Integer(&n) || !s.ReadASN1Integer(&r) || !s.ReadASN1Integer(&p) {
		return fmt.Errorf("its parameters for scrypt cannot be read")
	}
	if n > maxScryptMemory/128 || r > maxScryptMemory/128 || p > maxScryptWork/128 {
		return fmt.Errorf("its password needs more than %d MiB of memory", maxScryptMemory>>20)
	}
	memory := 128 * uint64(n) * uint64(r)
	if memory > maxScryptMemory || memory > maxScryptWork/max(uint64(p), 1) {
		return fmt.Errorf("its password needs more than %d MiB of memory, or as much work", maxScryptMemory>>20)
	}
	return nil
}
