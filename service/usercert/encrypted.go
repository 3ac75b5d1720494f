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
	"strings"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"network-manager-softether/profile/der"
)

// What to do about what only OpenSSL can decrypt. Its options are those of version 3, which has most old ciphers
// switched off.
const (
	convertKey    = "convert it with openssl pkcs8 -topk8 -in OLD -out NEW, and -provider default -provider legacy if OpenSSL calls it unsupported"
	convertPKCS12 = "convert it with openssl pkcs12 -in OLD -out NEW.pem, and -legacy if OpenSSL calls it unsupported, and use NEW.pem both as cert and as key"
)

// pemKey reads the key of a PEM block whose type ends in PRIVATE KEY.
func pemKey(block *pem.Block, password string) (crypto.Signer, error) {
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return encryptedPKCS8(block.Bytes, password)
	case block.Type == "OPENSSH PRIVATE KEY":
		return nil, errors.New("the private key is one of OpenSSH: convert it with ssh-keygen -p -m pkcs8")
	case block.Headers["DEK-Info"] != "":
		return legacyPEM(block, password)
	}
	key, err := parseDER(block.Bytes)
	if errors.Is(err, ErrRSAPSS) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the private key cannot be read: %w", err)
	}
	return key, nil
}

// legacyPEM reads what OpenSSL wrote before PKCS #8 (RFC 1421 4.6.1.1). Nothing in it reveals a wrong
// password except the padding and the key itself.
func legacyPEM(block *pem.Block, password string) (crypto.Signer, error) {
	if password == "" {
		return nil, ErrPasswordNeeded
	}
	der, err := x509.DecryptPEMBlock(block, []byte(password)) //nolint:staticcheck // weak against changes of the file, but that is the user's own, and many have no other
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, ErrWrongPassword
	}
	if err != nil {
		return nil, fmt.Errorf("the private key cannot be decrypted: %w; %s", err, convertKey)
	}
	key, err := parseDER(der)
	if err != nil {
		return nil, ErrWrongPassword
	}
	return key, nil
}

// encryptedKeyInfo is the container of RFC 5958 3.
type encryptedKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

var oidPBES2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13} // RFC 8018 C

func isEncryptedPKCS8(der []byte) bool {
	var info encryptedKeyInfo
	rest, err := asn1.Unmarshal(der, &info)
	return err == nil && len(rest) == 0
}

func encryptedPKCS8(der []byte, password string) (crypto.Signer, error) {
	var info encryptedKeyInfo
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("the encrypted private key cannot be read: %w", err)
	}
	if !info.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("the private key is encrypted by an outdated scheme (%v); %s", info.Algorithm.Algorithm, convertKey)
	}
	if err := affordable(der); err != nil {
		return nil, fmt.Errorf("the private key will not be decrypted: %w", err)
	}
	if password == "" {
		return nil, ErrPasswordNeeded
	}
	var key any
	err := guard(func() (err error) {
		key, err = pkcs8.ParsePKCS8PrivateKey(der, []byte(password))
		return err
	})
	switch {
	case err == nil:
		return signer(key)
	case err.Error() == "pkcs8: incorrect password": // the module exports no value for it
		return nil, ErrWrongPassword
	case errors.Is(named(err), ErrRSAPSS):
		return nil, ErrRSAPSS
	}
	return nil, fmt.Errorf("the private key cannot be decrypted: %w; %s", err, convertKey)
}

// pkcs12In returns the PKCS #12 file in content: as it is, in base64, or in the PEM that certtool writes.
func pkcs12In(content []byte) (pfx []byte, ok bool) {
	if block, _ := pem.Decode(content); block != nil && block.Type == "PKCS12" {
		return block.Bytes, true
	}
	pfx = der.Binary(content)
	return pfx, isPKCS12(pfx) || indefinite(pfx)
}

func isPKCS12(der []byte) bool {
	var pfx struct {
		Version int
		Rest    asn1.RawValue
		Mac     asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(der, &pfx)
	return err == nil && pfx.Version == 3
}

// indefinite reports whether b begins as PKCS #12 in which lengths are left open, as in what Firefox, Chromium
// and others with NSS write.
func indefinite(b []byte) bool { return bytes.HasPrefix(b, []byte{0x30, 0x80, 2, 1, 3, 0x30, 0x80}) }

func readPKCS12(der []byte, password string) (*Identity, error) {
	if err := affordable(der); err != nil {
		return nil, fmt.Errorf("the PKCS #12 file will not be decrypted: %w", err)
	}
	if indefinite(der) {
		return nil, fmt.Errorf("the PKCS #12 file was written in a form that cannot be read here, as by Firefox; %s", convertPKCS12)
	}
	id := new(Identity)
	err := guard(func() error {
		key, first, others, err := pkcs12.DecodeChain(der, password)
		if err != nil {
			return err
		}
		if id.Key, err = signer(key); err != nil {
			return err
		}
		certs := [][]byte{first.Raw}
		for _, c := range others {
			certs = append(certs, c.Raw)
		}
		id.DER = matching(certs, id.Key)
		return nil
	})
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		if password == "" {
			return nil, ErrPasswordNeeded
		}
		return nil, ErrWrongPassword
	case err != nil && errors.Is(named(err), ErrRSAPSS):
		return nil, ErrRSAPSS
	case err != nil && strings.HasSuffix(err.Error(), " missing"): // the key or the certificate
		return nil, fmt.Errorf("the PKCS #12 file is not complete: %w; export it again with its certificate and its private key", err)
	case err != nil:
		return nil, fmt.Errorf("the PKCS #12 file cannot be read: %w; %s", err, convertPKCS12)
	}
	return id, nil
}

// guard turns a panic of f into an error: the ciphers of the standard library panic when a file gives them an
// initialisation vector or a text of the wrong length.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	return f()
}
