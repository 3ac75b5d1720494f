// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

func TestCommittedPageIsTheGeneratedOne(t *testing.T) {
	got, err := os.ReadFile("../../data/nm-settings-softether.5")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(render(), string(got)); diff != "" {
		t.Errorf("the page is not up to date; run: go generate ./profile (-want +got)\n%s", diff)
	}
}

func TestPageNamesEveryKeyAndWord(t *testing.T) {
	page := render()
	for _, k := range profile.Keys {
		if !strings.Contains(page, ".BR "+roff(k.Name)+" ") {
			t.Errorf("%s has no entry", k.Name)
		}
		for _, c := range k.Values {
			if !strings.Contains(page, ".B "+roff(c.Word)+"\n") && !strings.Contains(page, ".B "+roff(c.Word)+`\fR (default)`) {
				t.Errorf("%s=%s has no entry", k.Name, c.Word)
			}
		}
	}
}

// The end of the page is written by hand; what it names must exist all the same.
func TestSecretsInTheExamplesExist(t *testing.T) {
	names := regexp.MustCompile(`[+-]vpn\.secrets ([a-z0-9-]+)`).FindAllStringSubmatch(strings.NewReplacer(`\-`, "-", "FINGERPRINT", strings.Repeat("ab", 32)).Replace(tail), -1)
	if len(names) != 3 {
		t.Errorf("found %d secrets, want 3: every example must add or remove one and leave the others", len(names))
	}
	for _, m := range names {
		k := profile.Lookup(m[1])
		if _, trust := profile.ParseTrustSecret(m[1]); !trust && (k == nil || !k.Secret) {
			t.Errorf("there is no secret %q", m[1])
		}
	}
}

func TestPageFormatsWithoutWarnings(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("groff is not here; its opinion is not asked")
		return
	}
	cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z")
	cmd.Stdin = strings.NewReader(render())
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("groff: %v\n%s", err, out)
	}
}

func TestRoff(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"a-b", `a\-b`},
		{`C:\x`, `C:\ex`},
		{`say "no"`, `say \(dqno\(dq`},
		{".hidden", `\&.hidden`},
		{"'quoted", `\&'quoted`},
	} {
		if got := line(tc.in); got != tc.want {
			t.Errorf("line(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}
