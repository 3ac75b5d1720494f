// SPDX-License-Identifier: Apache-2.0

package usercert

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"network-manager-softether/profile/der"
)

// What can be wrong with the password of a key.
var (
	// ErrPasswordNeeded means that the key is encrypted and there is no password.
	ErrPasswordNeeded = errors.New("the private key is encrypted and needs its password")
	// ErrWrongPassword means that the password does not decrypt the key.
	ErrWrongPassword = errors.New("the password of the private key is wrong")
)

// ErrRSAPSS means that the key is for RSA-PSS only, which no reader here understands and no server accepts.
var ErrRSAPSS = errors.New("the private key is an RSA-PSS key, and SoftEther needs one that is plain RSA: make it with openssl genpkey -algorithm RSA, and a certificate for it")

// An Identity is a certificate and its private key.
type Identity struct {
	DER []byte // the certificate alone
	Key crypto.Signer
}

// A CertError is about the certificate's file. Other errors of Load are about that of the key, if there is one.
type CertError struct{ Err error }

func (e *CertError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with the file.
func (e *CertError) Unwrap() error { return e.Err }

// Load returns the identity in cert, which is PEM, DER or PKCS #12, and key, which is PEM or DER and may be
// empty if cert includes the key. An empty password means none. Of several certificates, the one that belongs
// to the key is used.
func Load(cert, key []byte, password string) (*Identity, error) {
	cert, key = der.PEMText(cert), der.PEMText(key)
	var certs [][]byte
	if bundle, ok := pkcs12In(cert); ok {
		found, err := readPKCS12(bundle, password)
		if err != nil {
			return nil, &CertError{err}
		}
		if len(key) == 0 {
			return found, nil
		}
		certs = [][]byte{found.DER}
	} else {
		var err error
		if certs, err = certificates(cert); err != nil {
			return nil, &CertError{err}
		}
		if len(key) == 0 {
			key = cert
		}
	}
	if !slices.ContainsFunc(certs, func(c []byte) bool { return !isRSAPSS(c) }) {
		return nil, &CertError{ErrRSAPSS} // before anybody is asked for the key's password
	}
	signer, err := privateKey(key, password)
	if err != nil {
		return nil, err
	}
	return &Identity{DER: matching(certs, signer), Key: signer}, nil
}

// certificates returns the DER of every certificate in content.
func certificates(content []byte) ([][]byte, error) {
	list := der.Certificates(content)
	switch {
	case len(list) > 0:
		return list, nil
	case bytes.HasPrefix(content, []byte("\xfe\xed\xfe\xed")):
		return nil, errors.New("it is a keystore of Java: convert it with keytool -importkeystore -deststoretype pkcs12")
	case bytes.Contains(content, []byte("-----BEGIN CERTIFICATE REQUEST-----")), bytes.Contains(content, []byte("-----BEGIN NEW CERTIFICATE REQUEST-----")):
		return nil, errors.New("it is the request for a certificate: the authority that it goes to answers with the certificate")
	}
	return nil, errors.New("there is no certificate in it, neither as PEM nor as DER, PKCS #7 or PKCS #12")
}

// matching returns the certificate whose public key is that of key, or else the first one: that none matches
// is for others to report.
func matching(certs [][]byte, key crypto.Signer) []byte {
	type equaler interface{ Equal(crypto.PublicKey) bool }
	public, ok := key.Public().(equaler)
	for _, der := range certs {
		if cert, err := x509.ParseCertificate(der); ok && err == nil && public.Equal(cert.PublicKey) {
			return der
		}
	}
	return certs[0]
}

// privateKey returns the first private key in text, which may be PKCS #12 as well.
func privateKey(text []byte, password string) (crypto.Signer, error) {
	if bundle, ok := pkcs12In(text); ok {
		id, err := readPKCS12(bundle, password)
		if err != nil {
			return nil, err
		}
		return id.Key, nil
	}
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return pemKey(block, password)
		}
	}
	text = der.Binary(text)
	key, err := parseDER(text)
	if err == nil || errors.Is(err, ErrRSAPSS) {
		return key, err
	}
	if isEncryptedPKCS8(text) {
		return encryptedPKCS8(text, password)
	}
	return nil, errors.New("there is no private key in it, neither as PEM nor as DER")
}

// parseDER reads an unencrypted key in any of its three forms.
func parseDER(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil // not RSA, which has to be reported, not guessed
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, named(err)
	}
	return signer(key)
}

// isRSAPSS reports whether the key in a certificate is for RSA-PSS only.
func isRSAPSS(cert []byte) bool {
	c, err := x509.ParseCertificate(cert)
	if err != nil {
		return false
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	_, err = asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info)
	return err == nil && info.Algorithm.Algorithm.String() == idRSASSAPSS
}

const idRSASSAPSS = "1.2.840.113549.1.1.10" // RFC 4055 3.1

// named returns an error that names the kind of the key, if err only has a number for it.
func named(err error) error {
	if strings.HasSuffix(err.Error(), idRSASSAPSS) {
		return ErrRSAPSS
	}
	return err
}

func signer(key any) (crypto.Signer, error) {
	if s, ok := key.(crypto.Signer); ok {
		return s, nil
	}
	return nil, fmt.Errorf("the private key is a %T, which cannot sign", key)
}
