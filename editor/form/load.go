// SPDX-License-Identifier: Apache-2.0

package form

import (
	"encoding/pem"
	"errors"
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/profile/der"
)

// Load puts a chosen file into a File field. Its content is stored in the connection, as PEM text, so that
// the service needs no permission to read the file. Of a PKCS#12 file only the path is stored: only the
// service opens it, with its password.
func (f *Form) Load(key, path, content string) error {
	if profile.Lookup(key).Kind != profile.KindPEM {
		panic("form: " + key + " is no file")
	}
	content = string(der.PEMText([]byte(content)))
	named := (profile.File{Path: path}).PKCS12()
	if strings.Contains(content, "-----BEGIN PKCS12-----") || !isPEM(content) && (named || der.IsPKCS12(der.Binary([]byte(content)))) {
		return f.loadPKCS12(key, path, named)
	}
	text := pemOf(key, content)
	if text == "" {
		if key == profile.KeyCert {
			return po.Error("this is not a PEM, DER or PKCS#12 file")
		}
		return po.Error("this is not a PEM or DER file")
	}
	if err := profile.Lookup(key).Check(text); err != nil {
		return errors.New(reason(err))
	}
	shown := Describe(text)
	f.stored[key] = text
	f.w.Set(key, shown)
	return nil
}

func (f *Form) loadPKCS12(key, path string, named bool) error {
	switch {
	case key == profile.KeyKey:
		return po.Error("this PKCS#12 file contains a certificate too; choose it as the user certificate")
	case key == profile.KeyCA:
		return po.Error("CA certificates must be in a PEM or DER file")
	case !named:
		return po.Error("this is a PKCS#12 file; its name must end in .p12 or .pfx")
	}
	delete(f.stored, key)
	f.w.Set(key, path)
	return nil
}

// pemOf returns the content of a file as PEM text, "" if it has none of the forms that the key may have.
func pemOf(key, content string) string {
	if isPEM(content) {
		return content
	}
	if key != profile.KeyKey {
		var text []byte
		for _, cert := range der.Certificates([]byte(content)) {
			text = append(text, block("CERTIFICATE", cert)...)
		}
		return string(text)
	}
	b := der.Binary([]byte(content))
	if der.IsEncryptedKey(b) {
		return string(block(der.EncryptedPKCS8, b))
	}
	if label := der.KeyLabel(b); label != "" {
		return string(block(label, b))
	}
	return ""
}

func block(label string, b []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: b})
}
