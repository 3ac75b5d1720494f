// SPDX-License-Identifier: Apache-2.0

package usercert

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"hash"

	"github.com/youmark/pkcs8"
)

// pbkdf2Params are those of RFC 8018 A.2. The module's own lack the length of the key, which Java writes and
// which made it take any password for a wrong one, and the larger hash functions.
type pbkdf2Params struct {
	Salt      []byte
	Rounds    int
	KeyLength int                      `asn1:"optional"`
	PRF       pkix.AlgorithmIdentifier `asn1:"optional"`
}

func init() {
	pkcs8.RegisterKDF(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, func() pkcs8.KDFParameters { return new(pbkdf2Params) })
}

// prfs are HMAC with these hash functions (RFC 8018 B.1.2), by their numbers. The default has
// none.
var prfs = map[string]func() hash.Hash{
	"": sha1.New, "1.2.840.113549.2.7": sha1.New,
	"1.2.840.113549.2.8": sha256.New224, "1.2.840.113549.2.9": sha256.New, "1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New, "1.2.840.113549.2.12": sha512.New512_224, "1.2.840.113549.2.13": sha512.New512_256,
}

// DeriveKey implements [pkcs8.KDFParameters].
func (p *pbkdf2Params) DeriveKey(password []byte, size int) ([]byte, error) {
	h, ok := prfs[p.PRF.Algorithm.String()]
	if !ok {
		return nil, fmt.Errorf("HMAC with %v, which nothing here computes", p.PRF.Algorithm)
	}
	return pbkdf2.Key(h, string(password), p.Salt, p.Rounds, size)
}
