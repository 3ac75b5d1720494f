// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"network-manager-softether/profile"
)

// Windows and its servers write certificates in DER and PKCS #7, unless told otherwise.
func TestAuthoritiesAreReadFromEveryKindOfFile(t *testing.T) {
	for name, certs := range map[string]int{
		"ca.crt": 1, "joe.der": 1, "joe.p7b": 2, "joe-p7b.pem": 2, "trusted.crt": 1,
		"plain.pem": 0, "plain.der": 0, "modern.p12": 0,
	} {
		p := &profile.Profile{ServerCertCheck: profile.CertCheckYes, CA: profile.File{Path: keyFile(t, name)}}
		got, err := trust(p, new(profileFiles), slog.New(slog.DiscardHandler))
		if about, ok := errors.AsType[*fileError](err); certs == 0 && (!ok || about.key != profile.KeyCA) || certs > 0 && err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		if certs > 0 && len(got.Roots.Subjects()) != certs { //nolint:staticcheck // it is no system pool
			t.Errorf("%s: %d authorities, want %d", name, len(got.Roots.Subjects()), certs) //nolint:staticcheck // it is no system pool
		}
	}
}
