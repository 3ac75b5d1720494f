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

func TestWhatIsAnAnswer(t *testing.T) {
	sum := [32]byte(bytesOf(0xab))
	digits := hex.EncodeToString(sum[:])
	for value, want := range map[string]Answer{
		"yes": Yes, "Yes": Yes, " y ": Yes, "Y": Yes, "JA": Yes, "Sí": Yes, "oui": Yes, "はい": Yes, "예": Yes, "ДА": Yes, "是": Yes, "بله": Yes, "evet": Yes, "sim": Yes,
		digits: Yes, strings.ToUpper(digits): Yes, strings.TrimSuffix(strings.Repeat("AB:", 32), ":"): Yes, strings.TrimSpace(strings.Repeat("abab ", 16)): Yes,
		"no": No, "N": No, "nein": No, "Nao": No, "não": No, "нет": No, "HAYIR": No, "いいえ": No, "아니요": No, "否": No, "خیر": No, "non": No, "tidak": No,
		"noyes": Yes, "noy": Yes, "no ja": Yes, "nono": No, "nonein": No, // the stored no was not deleted
		"": NoAnswer, "yess": NoAnswer, "yes no": NoAnswer, "secret": NoAnswer, "my-yes": NoAnswer, "wrongyes": NoAnswer, "nothing": NoAnswer, "yesno": NoAnswer,
		strings.Repeat("cd", 32): NoAnswer, digits[:62]: NoAnswer,
	} {
		if got := ParseAnswer(value, sum); got != want {
			t.Errorf("ParseAnswer(%q) is %v, want %v", value, got, want)
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
