// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"unicode"

	"network-manager-softether/profile"
)

// labels name the fields. They have no colon: GNOME Shell shows them inside the entry.
var labels = map[string]string{
	profile.SecretPassword:      "Password",
	profile.SecretKeyPassword:   "Private key password",
	profile.SecretProxyPassword: "Proxy password",
}

// trustLabel is beside the field that takes "yes". GNOME Shell offers the word, nmcli
// wants it typed.
const trustLabel = "Trust this server? (yes)"

// Bounds on what is shown, in characters.
const (
	maxShownName    = 120
	maxShownMessage = 2000
)

// title names the connection.
func title(o options) string {
	if o.name == "" {
		return "Authenticate VPN"
	}
	return "Authenticate VPN " + clean(o.name, maxShownName)
}

// describe says what is asked and by whom, in plain text. The message of a hint stands
// instead, with the fingerprint added if it does not have it: agents that
// hide what is typed would otherwise ask for trust in rows of bullets.
func describe(o options, conn connection, w wanted, q question) string {
	if w.message != "" {
		text := clean(w.message, maxShownMessage)
		if w.seen != "" && !strings.Contains(plainHex(text), w.seen) {
			text += "\nSHA-256 " + colons(w.seen)
		}
		return text
	}
	var parts []string
	if o.reprompt && q.asks() {
		parts = append(parts, "That was not accepted. Please try again.")
	}
	for _, f := range q.fields {
		if f.ask {
			parts = append(parts, ask(f.key, conn.data, w.seen))
		}
	}
	if len(parts) == 0 {
		return "VPN on " + server(conn.data)
	}
	return strings.Join(parts, "\n")
}

// ask is the sentence that asks for one secret.
func ask(name string, data map[string]string, seen string) string {
	if _, ok := profile.ParseTrustSecret(name); ok {
		return fmt.Sprintf("The identity of %s could not be verified. Connect only if its administrator confirms this SHA-256 fingerprint of its certificate; your answer will be remembered:\n%s", server(data), colons(seen))
	}
	switch name {
	case profile.SecretKeyPassword:
		return fmt.Sprintf("Enter the password of the private key for %s.", account(data))
	case profile.SecretProxyPassword:
		return fmt.Sprintf("Enter the password of user %s for the proxy %s.", quote(data[profile.KeyProxyUser]), clean(data[profile.KeyProxyServer], maxShownName))
	}
	return fmt.Sprintf("Enter the password of %s.", account(data))
}

// account names user, hub and server as far as they are known.
func account(data map[string]string) string {
	who := "the user"
	if user := data[profile.KeyUser]; user != "" {
		who = "user " + quote(user)
	}
	return who + " on " + server(data)
}

// server names server and hub.
func server(data map[string]string) string {
	host := clean(data[profile.KeyGateway], maxShownName)
	if host == "" {
		host = "the VPN server"
	}
	hub := data[profile.KeyHub]
	if hub == "" {
		hub = profile.Lookup(profile.KeyHub).Default
	}
	return host + ", hub " + quote(hub)
}

func quote(s string) string { return "“" + clean(s, maxShownName) + "”" }

// clean makes text from elsewhere fit to be shown: at most n characters, newlines
// kept, no control characters, and none that turn the direction of writing, which could make
// one name look like another.
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

// colons writes a fingerprint as people know it from browsers: AB:CD:...
func colons(sum string) string {
	var b strings.Builder
	for i := 0; i+1 < len(sum); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(sum[i : i+2]))
	}
	return b.String()
}

// plainHex is the inverse of colons, and of groups with blanks, wherever in a text.
func plainHex(text string) string {
	return strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(text))
}
