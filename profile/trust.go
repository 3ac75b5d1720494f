// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// trustPrefix begins the names of secrets that say whether a person trusts a server.
const trustPrefix = "trust-sha256-"

// The answers that a dialog itself writes.
const (
	TrustYes = "yes"
	TrustNo  = "no"
)

// TrustSecret returns the name of the secret that says whether the person trusts the
// server whose certificate has this SHA-256 fingerprint: "trust-sha256-" and 64
// hexadecimal digits.
//
// The fingerprint is in the name and not in the value, because the value has to be typed. So the answer is
// "yes" in every agent, and what NetworkManager then stores with the profile still says which certificate it
// was about.
func TrustSecret(sum [pinSize]byte) string { return trustPrefix + hex.EncodeToString(sum[:]) }

// ParseTrustSecret is the inverse of [TrustSecret].
func ParseTrustSecret(name string) (sum [pinSize]byte, ok bool) {
	digits, ok := strings.CutPrefix(name, trustPrefix)
	if !ok {
		return sum, false
	}
	return ParseFingerprint(digits)
}

// An Answer is what a person says when asked whether to trust a server.
type Answer int

// NoAnswer is any text that is neither a yes nor a no: the question is asked again.
const (
	NoAnswer Answer = iota
	Yes
	No
)

// The words for yes and no in the languages of the dialogs. All are understood whatever language the question
// is in: nmcli may speak English to a person who does not.
var (
	wordsForYes = []string{"y", TrustYes, "ja", "sí", "si", "بله", "آری", "oui", "ya", "はい", "예", "네", "sim", "да", "evet", "是", "是的", "好"}
	wordsForNo  = []string{"n", TrustNo, "nein", "نه", "خیر", "non", "tidak", "いいえ", "아니요", "아니오", "não", "nao", "нет", "hayır", "hayir", "否", "不", "不是"}
)

// ParseAnswer reads the answer to the question about sum: a word for yes or no, or, as a yes, the fingerprint
// itself.
//
// nmcli puts the stored answer, as dots, before what is typed, so a yes after a no is a no that has been
// reconsidered.
func ParseAnswer(value string, sum [pinSize]byte) Answer {
	value = strings.ToLower(strings.TrimSpace(value))
	if typed, ok := ParseFingerprint(strings.ReplaceAll(value, " ", "")); ok && typed == sum {
		return Yes
	}
	return parseWord(value)
}

func parseWord(value string) Answer {
	switch {
	case slices.Contains(wordsForYes, value):
		return Yes
	case slices.Contains(wordsForNo, value):
		return No
	}
	if rest, ok := strings.CutPrefix(value, TrustNo); ok {
		return parseWord(strings.TrimSpace(rest))
	}
	return NoAnswer
}

// trusted returns the fingerprint that the person trusts, nil if there is none. More than one is an error:
// each was meant to be the only one.
func trusted(secrets map[string]string) ([]byte, error) {
	var pin []byte
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		sum, ok := ParseTrustSecret(name)
		if !ok || ParseAnswer(secrets[name], sum) != Yes {
			continue
		}
		if pin != nil {
			return nil, &ValueError{Key: name, Value: TrustYes, Allowed: "another certificate is trusted already; remove one of the two from vpn.secrets"}
		}
		pin = sum[:]
	}
	return pin, nil
}
