// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"unicode"

	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/prompt"
)

// labels name the fields. They have no colon: GNOME Shell shows them inside the entry.
//
//po:extract map
var labels = map[string]string{
	profile.SecretPassword:      "Password",
	profile.SecretKeyPassword:   "Private key password",
	profile.SecretProxyPassword: "Proxy password",
}

// windowLabels are the same for a window of our own, with mnemonics.
//
//po:extract map
var windowLabels = map[string]string{
	profile.SecretPassword:      "_Password",
	profile.SecretKeyPassword:   "Private _key password",
	profile.SecretProxyPassword: "Pro_xy password",
}

// The other texts in the window; underscores precede the mnemonics.
//
//po:extract values
const (
	showPasswords   = "_Show what is typed"
	connectButton   = "C_onnect"
	cancelButton    = "_Cancel"
	trustHeading    = "Trust this server?"
	trustButton     = "_Trust this server"
	factServer      = "Server"
	factFingerprint = "SHA-256"
)

// factLabels are the words for the lines in the service's question about a certificate.
//
//po:extract map
var factLabels = map[string]string{
	"Subject": "Issued to",
	"Issuer":  "Issued by",
	"Valid":   "Valid",
}

// The words that answer the question about a certificate. A translation must be one that package profile
// knows.
//
//po:extract values
const (
	wordYes = "yes"
	wordNo  = "no"
)

// trustLabel is in, or next to, the field for the answer.
func trustLabel() string { return po.F("Trust this server? (%s/%s)", po.T(wordYes), po.T(wordNo)) }

// howToAnswer says what the agent's button, or the Enter key, does. Our own window has self-explanatory
// buttons.
func howToAnswer() string {
	return po.F("Type “%s” if it is: you are then logged in, and this certificate is trusted from now on. With “%s”, or without an answer, nothing is sent.",
		po.T(wordYes), po.T(wordNo))
}

// Bounds on what is shown, in characters.
const (
	maxShownName    = 120
	maxShownMessage = 2000
)

// title names the connection.
func title(o options) string {
	if o.name == "" {
		return po.T("Authenticate VPN")
	}
	return po.F("Authenticate VPN %s", clean(o.name, maxShownName))
}

// describe returns why something is asked for, which is the message of a hint, and then what and for whom: in
// the same words the first time and later. A fingerprint is added if the message does not contain it: agents
// that hide what is typed would otherwise ask for trust in rows of bullets.
func describe(o options, conn connection, w wanted, q question) string {
	var parts []string
	if w.message != "" {
		text := clean(w.message, maxShownMessage)
		if w.seen != "" && !strings.Contains(plainHex(text), w.seen) {
			text += "\nSHA-256: " + w.fingerprint()
		}
		parts = append(parts, prompt.Translate(text))
	} else if o.reprompt && q.asks() {
		parts = append(parts, po.T("That was not accepted. Please try again."))
	}
	for _, f := range q.fields {
		switch _, trust := profile.ParseTrustSecret(f.key); {
		case !f.ask:
		case trust && w.message != "":
		default:
			parts = append(parts, ask(f.key, conn.data, w.fingerprint()))
		}
	}
	switch {
	case len(parts) == 0:
		return po.F("VPN on %s", server(conn.data))
	case w.trust != "" && o.external:
		parts = append(parts, howToAnswer())
	case o.terminal && refusedIsShown(conn, w):
		parts = append(parts, po.T("The dots are the password that was refused: delete them with Ctrl-U before you type."))
	}
	return strings.Join(parts, "\n")
}

// refusedIsShown reports whether a password that is asked for is one that the agent has: nmcli and nmtui put
// it into the field, as dots, and append what is typed.
func refusedIsShown(conn connection, w wanted) bool {
	return slices.ContainsFunc(w.names, func(name string) bool { return conn.secrets[name] != "" })
}

// ask returns the sentence that asks for one secret.
func ask(name string, data map[string]string, fingerprint string) string {
	if _, ok := profile.ParseTrustSecret(name); ok {
		return po.F("The identity of %s could not be verified. Is this SHA-256 fingerprint of its certificate the one that the people who run it gave you? Your answer is remembered.\n%s", server(data), fingerprint)
	}
	switch name {
	case profile.SecretKeyPassword:
		return po.F("Enter the password of the private key for %s.", account(data))
	case profile.SecretProxyPassword:
		return po.F("Enter the password of user %s for the proxy %s.", quote(data[profile.KeyProxyUser]), clean(data[profile.KeyProxyServer], maxShownName))
	}
	return po.F("Enter the password of %s.", account(data))
}

// account names user, hub and server, as far as they are known.
func account(data map[string]string) string {
	if user := data[profile.KeyUser]; user != "" {
		return po.F("user %s on %s", quote(user), server(data))
	}
	return po.F("the user on %s", server(data))
}

// server names server and hub.
func server(data map[string]string) string {
	host := clean(data[profile.KeyGateway], maxShownName)
	if host == "" {
		host = po.T("the VPN server")
	}
	hub := data[profile.KeyHub]
	if hub == "" {
		hub = profile.Lookup(profile.KeyHub).Default
	}
	return po.F("%s, hub %s", host, quote(hub))
}

func quote(s string) string { return po.F("“%s”", clean(s, maxShownName)) }

// clean makes text from elsewhere fit to be shown: at most n characters, with newlines but without control
// characters, and without those that change the writing direction, which could make one name look like
// another.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if count := 0; len(s) > n {
		for i := range s {
			if count++; count > n {
				return strings.TrimSpace(s[:i]) + "…"
			}
		}
	}
	return strings.TrimSpace(s)
}

// plainHex removes the colons from a fingerprint, and blanks between groups of digits, anywhere in a text.
func plainHex(text string) string {
	return strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(text))
}
