// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Certificate proves with an RSA key that the user holds the certificate. The hub
// knows the certificate itself, or the authority that signed it.
//
// Only RSA keys of 1024, 1536, 2048, 3072 and 4096 bits will do: servers refuse everything else
// (softether-protocol.md 6.5), and Dial says so before it connects.
type Certificate struct {
	// DER is the user's certificate alone, without those of authorities.
	DER []byte
	// Key signs the server's challenge with PKCS #1 v1.5 and SHA-1. An *rsa.PrivateKey can do that, and so
	// may a smart card or a TPM.
	Key crypto.Signer
}

func (Certificate) authName() string { return "certificate" }

// String hides the key, so that a Config may be printed.
func (Certificate) String() string { return "certificate (key hidden)" }

// GoString hides the key, for %#v.
func (c Certificate) GoString() string { return c.String() }

// A UserCertReason is why the user's certificate cannot be used.
type UserCertReason uint8

// The reasons.
const (
	UserCertUnreadable  UserCertReason = iota // no certificate, or one that is too large
	UserCertKeyType                           // its key is not RSA
	UserCertKeySize                           // RSA, but of a length no server takes
	UserCertMismatch                          // the private key belongs to another certificate
	UserCertExpired                           // no longer valid
	UserCertNotYetValid                       // not valid yet
)

// A UserCertError is a certificate of the user that no server would accept. Nothing was sent.
type UserCertError struct {
	Reason UserCertReason
	Detail string // which key, which date; may be empty
}

var _ error = (*UserCertError)(nil)

// Error says what is wrong with the certificate.
func (e *UserCertError) Error() string {
	s := "the user's certificate "
	switch e.Reason {
	case UserCertKeyType:
		s += "has a key that is not RSA"
	case UserCertKeySize:
		s += "has an RSA key of a length that servers do not take"
	case UserCertMismatch:
		s += "does not belong to the private key"
	case UserCertExpired:
		s += "has expired"
	case UserCertNotYetValid:
		s += "is not valid yet"
	default:
		s += "cannot be read"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *UserCertError) hint() string {
	switch e.Reason {
	case UserCertKeyType, UserCertKeySize:
		return CodeNotRSA1024.Text()
	case UserCertMismatch:
		return "Take certificate and private key that were made together."
	case UserCertExpired, UserCertNotYetValid:
		return "Check this computer's clock; else ask the administrator for a new certificate."
	}
	return "Give one X.509 certificate."
}

// maxUserCert leaves room for the rest of a login in the 65,536 bytes that a server reads
// (softether-protocol.md 6.5).
const maxUserCert = 60000

// check refuses whatever every server would refuse at the time now.
func (c Certificate) check(now time.Time) error {
	if c.Key == nil {
		return errors.New("certificate without a private key")
	}
	if len(c.DER) > maxUserCert {
		return &UserCertError{UserCertUnreadable, fmt.Sprintf("it has %d bytes, a server takes %d", len(c.DER), maxUserCert)}
	}
	cert, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return &UserCertError{UserCertUnreadable, err.Error()}
	}
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return &UserCertError{UserCertKeyType, keyAlgorithm(cert)}
	}
	if bits := public.N.BitLen(); !slices.Contains([]int{1024, 1536, 2048, 3072, 4096}, bits) {
		return &UserCertError{UserCertKeySize, fmt.Sprintf("%d bits", bits)}
	}
	if !public.Equal(c.Key.Public()) {
		return &UserCertError{Reason: UserCertMismatch}
	}
	const day = "2006-01-02 15:04 MST"
	if now.Before(cert.NotBefore) {
		return &UserCertError{UserCertNotYetValid, "it begins on " + cert.NotBefore.Format(day)}
	}
	if now.After(cert.NotAfter) {
		return &UserCertError{UserCertExpired, "it ended on " + cert.NotAfter.Format(day)}
	}
	return nil
}

// keyAlgorithm names the kind of a certificate's key, including those that crypto/x509 has no name for.
func keyAlgorithm(cert *x509.Certificate) string {
	if cert.PublicKeyAlgorithm != x509.UnknownPublicKeyAlgorithm {
		return cert.PublicKeyAlgorithm.String()
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &info); err != nil {
		return "unknown"
	}
	if info.Algorithm.Algorithm.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}) { // RFC 4055 3.1
		return "RSA-PSS"
	}
	return info.Algorithm.Algorithm.String()
}

// sign answers the challenge of the hello. SHA-1 is the protocol's choice: what is signed is random and of
// fixed length, so collisions are of no use to anybody.
func (c Certificate) sign(random *[keyLen]byte) ([]byte, error) {
	digest := sha1.Sum(random[:])
	sign, err := c.Key.Sign(rand.Reader, digest[:], crypto.SHA1)
	if err != nil {
		return nil, fmt.Errorf("sign with the user's private key: %w", err)
	}
	return sign, nil
}
