// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestTheNameOfTheTrustSecretCarriesTheFingerprint(t *testing.T) {
	sum := [32]byte(bytesOf(0xab))
	name := TrustSecret(sum)
	if want := "trust-sha256-" + strings.Repeat("ab", 32); name != want {
		t.Errorf("name %q, want %q", name, want)
	}
	if got, ok := ParseTrustSecret(name); !ok || got != sum {
		t.Errorf("read back %x, %v", got, ok)
	}
	for _, bad := range []string{"", "password", "trust-sha256-", "trust-sha256-ab", name + "ab"} {
		if _, ok := ParseTrustSecret(bad); ok {
			t.Errorf("%q was taken for a trust secret", bad)
		}
	}
}

func TestWhatAnswersYes(t *testing.T) {
	sum := [32]byte(bytesOf(0xab))
	digits := hex.EncodeToString(sum[:])
	for value, want := range map[string]bool{
		"yes": true, "Yes": true, "noyes": true, " y ": true, digits: true, strings.ToUpper(digits): true,
		"": false, "no": false, "yess": false, strings.Repeat("cd", 32): false, digits[:62]: false,
	} {
		if got := Trusts(value, sum); got != want {
			t.Errorf("Trusts(%q) is %v, want %v", value, got, want)
		}
	}
}

func TestOnlyOneServerIsTrusted(t *testing.T) {
	secrets := map[string]string{
		"trust-sha256-" + strings.Repeat("ab", 32): "yes",
		"trust-sha256-" + strings.Repeat("cd", 32): "no",
		"password": "yes",
	}
	if pin, err := trusted(secrets); err != nil || hex.EncodeToString(pin) != strings.Repeat("ab", 32) {
		t.Errorf("trusted %x, %v", pin, err)
	}
	secrets["trust-sha256-"+strings.Repeat("cd", 32)] = "yes"
	if _, err := trusted(secrets); err == nil {
		t.Error("two trusted certificates passed")
	}
}
