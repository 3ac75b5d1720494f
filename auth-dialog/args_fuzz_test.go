// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

// written is the shortest command line that says o.
func (o options) written() []string {
	args := []string{"--uuid=" + o.uuid, "--name=" + o.name, "--service=" + o.service}
	for _, h := range o.hints {
		args = append(args, "--hint="+h)
	}
	for flag, on := range map[string]bool{"-i": o.interactive, "-r": o.reprompt, "-h": o.help, "--external-ui-mode": o.external} {
		if on {
			args = append(args, flag)
		}
	}
	return args
}

// FuzzArguments gives the program any arguments, which are separated by newlines, with a connection that has a password. What
// is read of them can be said again in one way, and the answer to the agent can be read.
func FuzzArguments(f *testing.F) {
	trust := profile.TrustSecret([32]byte{1})
	for _, args := range []string{
		"-u\nU\n-n\nOffice\n-s\n" + profile.ServiceType + "\n-i\n--external-ui-mode",
		"--uuid=U\n--name=\x1b[2J\n--hint=x-vpn-message:a\n-irt" + trust + "\n--external-ui-mode",
		"-t\npassword\n-tx-vpn-message:\xff\n-rtkey-password\n--\n-h",
		"--hint\n--hint\n-s=\n-\n---\n-ui",
	} {
		f.Add(args, "password-flags", "1", "joe's")
	}
	f.Fuzz(func(t *testing.T, line, key, value, secret string) {
		o := parseArgs(strings.Split(line, "\n"))
		if diff := cmp.Diff(o, parseArgs(o.written()), cmp.AllowUnexported(options{})); diff != "" {
			t.Errorf("said again (-first +again)\n%s", diff)
		}
		conn := connection{data: map[string]string{key: value}, secrets: map[string]string{profile.SecretPassword: secret, trust: secret}}
		q := decide(o, conn)
		if q.asks() && !o.interactive {
			t.Errorf("asks without -i for %s", q.asked())
		}
		for _, name := range kept(o, conn) {
			if conn.secrets[name] != "" {
				t.Errorf("looks for %s, which it has", name)
			}
		}
		var b strings.Builder
		if err := writeExternal(&b, q); err != nil {
			t.Fatal(err)
		}
		checkKeyfile(t, b.String(), q)
	})
}
