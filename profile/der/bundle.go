// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
)

// Certificates returns every certificate in the content of a file: in PEM, alone or among other things, in
// DER, in PKCS #7 (.p7b), or in base64 without the lines around it.
func Certificates(content []byte) (list [][]byte) {
	text := PEMText(content)
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		list = append(list, InBlock(block)...)
	}
	if len(list) == 0 && !isPEM(text) {
		list = certificatesIn(Binary(content))
	}
	return list
}

// InBlock returns the certificates in one block of PEM.
func InBlock(block *pem.Block) [][]byte {
	if !IsCertificateLabel(block.Type) {
		return nil
	}
	return certificatesIn(block.Bytes)
}

// IsCertificateLabel reports whether blocks with that label hold certificates: X509 is that of old programs,
// TRUSTED that of openssl x509 -trustout, and the last three are those of PKCS #7.
func IsCertificateLabel(label string) bool {
	switch label {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "PKCS #7 SIGNED DATA", "CMS":
		return true
	}
	return false
}

// Binary decodes a file that is nothing but base64, in lines of any length. Every other is returned unchanged.
func Binary(content []byte) []byte {
	text := bytes.TrimPrefix(content, []byte(utf8Mark))
	if len(text) < 4 || text[0] != 'M' { // 0x30, with which a sequence begins
		return content
	}
	text = bytes.Join(bytes.Fields(text), nil)
	defer clear(text) // it may be a private key
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(b, text)
	if err != nil {
		return content
	}
	return b[:n]
}

// oidSignedData is pkcs7-signedData (RFC 2315 14).
const oidSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

// certificatesIn returns the certificate that b begins with, or those in a SignedData (RFC 2315 9.1): what
// may follow are OpenSSL's own marks of trust, or a line end.
func certificatesIn(b []byte) (list [][]byte) {
	b = First(b)
	if _, ok := ParseCertificate(b); ok {
		return [][]byte{b}
	}
	outer, ok := children(b, tagSequence)
	if !ok || len(outer) != 2 || !is(outer, tagOID, tagExplicit0) || string(outer[0].content) != oidSignedData {
		return nil
	}
	signed, ok := children(outer[1].content, tagSequence)
	if !ok || !is(signed, tagInteger, tagSet, tagSequence, tagExplicit0) {
		return nil
	}
	found, ok := children(signed[3].whole, tagExplicit0)
	for _, e := range found {
		if _, whole := ParseCertificate(e.whole); ok && whole {
			list = append(list, e.whole)
		}
	}
	return list
}
