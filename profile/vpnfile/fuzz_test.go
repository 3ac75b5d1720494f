// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

func FuzzRead(f *testing.F) {
	for _, text := range official(f) {
		f.Add(text)
	}
	cases, err := filepath.Glob("testdata/cases/*.vpn")
	if err != nil || len(cases) == 0 {
		f.Fatal(cases, err)
	}
	for _, name := range cases {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("declare root\n{\n}\n"))
	f.Add([]byte("#\rdeclare root\r\tdeclare ClientAuth\r\tdeclare ClientOption\r\tuint Port 0x\r\tstring AccountName $E6\r"))
	f.Add([]byte("SEVPN_DB"))
	f.Add(base(func(a *Account) { a.AuthType, a.DeviceName = authCard, "$ \r\n" }).Marshal())
	f.Fuzz(func(t *testing.T, text []byte) {
		a, warnings, err := Read(text)
		fit := func(warnings []profile.Warning) {
			for _, w := range warnings {
				if s := w.String(); len(s) > 600 || strings.ContainsAny(s, "\n\r\x00\x1b") || !utf8.ValidString(s) {
					t.Fatalf("unfit for a message: %q", s)
				}
			}
		}
		fit(warnings)
		if err != nil {
			var damage *SyntaxError
			if !errors.As(err, &damage) && !errors.Is(err, ErrForeign) || a != nil || len(err.Error()) > 300 {
				t.Fatalf("%v with %v", err, a)
			}
			return
		}
		if diff := cmp.Diff(body(a.Marshal()), body(read(t, a.Marshal()).Marshal())); diff != "" {
			t.Fatalf("written and read again\n%s", diff)
		}
		c, warnings, err := a.Connection(sha256.Sum256)
		fit(warnings)
		if err != nil {
			var bad *ItemError
			if !errors.As(err, &bad) || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		for i := range profile.Keys {
			if k := &profile.Keys[i]; k.Check(c.Data[k.Name]) != nil || k.Check(c.Secrets[k.Name]) != nil {
				t.Fatalf("%s is imported as %q", k.Name, c.Data[k.Name])
			}
		}
		if c.ID == "" || !utf8.ValidString(c.ID) {
			t.Fatalf("named %q", c.ID)
		}
		if _, _, err := FromConnection(c, sha256.Sum256); err != nil && c.Data[profile.KeyGateway] != "" {
			t.Fatalf("imported, but not exported: %v", err)
		}
	})
}
