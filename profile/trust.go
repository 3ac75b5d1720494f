// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"network-manager-softether/po"
)

// trustPrefix begins the names of secrets that say whether a person trusts a server.
const trustPrefix = "trust-sha256-"

// TrustYes is the answer that trusts, as a dialog offers it.
const TrustYes = "yes"

// TrustSecret returns the name of the secret that says whether the person trusts the
// server whose certificate has this SHA-256 fingerprint: "trust-sha256-" and 64
// hexadecimal digits.
//
// The fingerprint is in the name, not in the value, because a value has to be typed
// where nothing can be offered for accepting: nmcli shows an empty prompt. So the answer
// is "yes" in every agent, and what NetworkManager then stores with the profile
// still says which certificate it was about.
func TrustSecret(sum [pinSize]byte) string { return trustPrefix + hex.EncodeToString(sum[:]) }

// ParseTrustSecret is the inverse of [TrustSecret].
func ParseTrustSecret(name string) (sum [pinSize]byte, ok bool) {
	digits, ok := strings.CutPrefix(name, trustPrefix)
	if !ok {
		return sum, false
	}
	return ParseFingerprint(digits)
}

// Trusts reports whether value answers the question about sum with yes: in words, or
// with the fingerprint itself.
func Trusts(value string, sum [pinSize]byte) bool {
	value = strings.ToLower(strings.TrimSpace(value))
	// nmcli puts a stored answer, unseen, before what is typed: "noyes" is a no that
	// has been reconsidered.
	if value == "y" || strings.HasSuffix(value, TrustYes) {
		return true
	}
	typed, ok := ParseFingerprint(value)
	return ok && typed == sum
}

// trusted returns the fingerprint that the person trusts, nil if there is none. More
// than one is an error: each was to be the only one.
func trusted(secrets map[string]string) ([]byte, error) {
	var pin []byte
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		sum, ok := ParseTrustSecret(name)
		if !ok || !Trusts(secrets[name], sum) {
			continue
		}
		if pin != nil {
			return nil, &ValueError{Key: name, Value: TrustYes, Allowed: po.T("another certificate is trusted already; remove one of the two from vpn.secrets")}
		}
		pin = sum[:]
	}
	return pin, nil
}
