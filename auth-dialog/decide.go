// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// question is what the agent is told: the secrets that are known, and those to ask for.
type question struct {
	title, description string
	fields             []field
}

// field is one secret.
type field struct {
	key   string
	value string // what is known, or offered as the answer
	label string
	ask   bool
	echo  bool // may be shown while typed
}

func (q question) asks() bool {
	return slices.ContainsFunc(q.fields, func(f field) bool { return f.ask })
}

// asked lists the names of what is asked for.
func (q question) asked() string {
	var names []string
	for _, f := range q.fields {
		if f.ask {
			names = append(names, f.key)
		}
	}
	return strings.Join(names, ", ")
}

// hintMessage is NetworkManager's tag for the hint that is not the name of a secret.
const hintMessage = "x-vpn-message:"

// wanted is the content of the hints.
type wanted struct {
	names   []string // of secrets
	message string
	trust   string // the secret that says whether the server is trusted
	seen    string // the fingerprint in it, lower case, without colons
}

// fingerprint formats seen for people.
func (w wanted) fingerprint() string {
	sum, _ := profile.ParseFingerprint(w.seen)
	return profile.Fingerprint(sum[:])
}

// hinted reports whether the hints name any secret.
func (w wanted) hinted() bool { return len(w.names) > 0 || w.trust != "" }

func readHints(hints []string) wanted {
	var w wanted
	for _, h := range hints {
		if text, ok := strings.CutPrefix(h, hintMessage); ok {
			if w.message != "" {
				w.message += "\n"
			}
			w.message += text
		} else if sum, ok := profile.ParseTrustSecret(h); ok {
			w.trust, w.seen = h, hex.EncodeToString(sum[:])
		} else if k := profile.Lookup(h); k != nil && k.Secret && !slices.Contains(w.names, h) {
			w.names = append(w.names, h)
		}
	}
	return w
}

// secretNames lists the passwords in the order in which a person is asked for them.
var secretNames = []string{profile.SecretPassword, profile.SecretKeyPassword, profile.SecretProxyPassword}

// decide determines what to ask for and what to return (networkmanager.md 5.6).
//
// With hints, exactly the named secrets are asked for; otherwise those that the connection needs and that are
// not known. Without -i, nothing is asked for: NetworkManager calls a first time without it, and agents show
// whatever is asked for in either call. Known secrets that are not asked for are returned silently, as the
// agent's answer replaces what NetworkManager had.
func decide(o options, conn connection) question {
	w := readHints(o.hints)
	names := w.names
	if !w.hinted() {
		names = profile.NeededSecrets(conn.data)
	}
	q := question{fields: decideTrust(o, conn, w)}
	for _, name := range secretNames {
		need := slices.Contains(names, name)
		stored := conn.secrets[name]
		known := stored != "" // agents cannot return an empty one
		forced := need && (o.reprompt || w.hinted())
		if !w.hinted() && profile.FlagsOf(conn.data, name)&profile.NotSaved != 0 {
			known = false // typed in for an earlier attempt, or left over from other flags
		}
		switch {
		case forced || need && !known:
			q.fields = append(q.fields, field{key: name, label: po.T(labels[name]), ask: o.interactive})
		case known:
			q.fields = append(q.fields, field{key: name, value: stored, label: po.T(labels[name])})
		}
	}
	q.title = title(o)
	q.description = describe(o, conn, w, q)
	return q
}

// decideTrust asks, before any password, whether the person trusts the server whose certificate the hint
// names. No answer is offered: whoever presses Return once too often, or types a password here, trusts
// nobody. Stored answers to such questions are returned as they are; anything else that is stored for them is
// not.
func decideTrust(o options, conn connection, w wanted) []field {
	var fields []field
	if w.trust != "" {
		fields = append(fields, field{key: w.trust, label: trustLabel(), ask: o.interactive, echo: true})
	}
	for _, name := range slices.Sorted(maps.Keys(conn.secrets)) {
		sum, ok := profile.ParseTrustSecret(name)
		if ok && name != w.trust && profile.ParseAnswer(conn.secrets[name], sum) != profile.NoAnswer {
			fields = append(fields, field{key: name, value: conn.secrets[name], label: trustLabel()})
		}
	}
	return fields
}
