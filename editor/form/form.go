// SPDX-License-Identifier: Apache-2.0

package form

import (
	"maps"
	"strconv"
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// Widgets are the fields on the screen, each by the name of its key. Values are text: what was typed, the
// value of the chosen word ("" for none), "yes" or "no".
type Widgets interface {
	Get(key string) string
	Set(key, value string)
	Show(key string, on bool)   // including its label
	Reveal(key string, on bool) // a password's characters
	Hint(key, text string)      // placeholder shown while the field is empty
	Explain(key, text string)   // below the field
	Tell(key, problem string)   // below the page, with a mark in the field, whose section is expanded; "" removes it
}

// Values are the keys of a connection, vpn.data and vpn.secrets.
type Values struct{ Data, Secrets map[string]string }

// of returns the part that a key belongs to.
func (v Values) of(key string) map[string]string {
	if profile.Lookup(key).Secret {
		return v.Secrets
	}
	return v.Data
}

// A Form is a page with a connection in it. It is not safe for concurrent use.
type Form struct {
	w      Widgets
	user   string            // vpn.user-name, which replaces an empty user name
	before Values            // as it was loaded
	filled map[string]string // what each field showed after loading
	stored map[string]string // content of the files read since, by key
}

// New fills the fields with a connection. userName is its vpn.user-name.
func New(w Widgets, v Values, userName string) *Form {
	f := &Form{w: w, user: userName, before: Values{maps.Clone(v.Data), maps.Clone(v.Secrets)}, filled: map[string]string{}, stored: map[string]string{}}
	for i := range Fields {
		field := &Fields[i]
		value := v.of(field.Key)[field.Key]
		if value == "" && (field.Shape == Combo || field.Shape == Check || field.Shape == Editable) {
			value = profile.Lookup(field.Key).Default
		}
		if field.Shape == File && isPEM(value) {
			value = Describe(value)
		}
		w.Set(field.Key, value)
		f.filled[field.Key] = w.Get(field.Key) // a Combo shows nothing where the value is none of its words
	}
	f.Changed()
	w.Tell("", "")
	return f
}

// Changed shows, hides and explains fields according to what is chosen. It is called after every change.
func (f *Form) Changed() {
	passwords := false
	for i := range Fields {
		field := &Fields[i]
		if field.When != nil {
			f.w.Show(field.Key, field.When(f.value))
		}
		if field.Shape == Entry || field.Shape == File {
			f.w.Hint(field.Key, f.hint(field))
		}
		if field.Explained() {
			f.w.Explain(field.Key, f.explanation(field))
		}
		if Fields[i].Shape == Password {
			f.w.Reveal(Fields[i].Key, f.w.Get(ShowPasswords) == "yes")
			passwords = passwords || Fields[i].When(f.value)
		}
	}
	f.w.Show(ShowPasswords, passwords)
}

// hint returns the placeholder of an empty field: that it must be filled in, or what applies then.
func (f *Form) hint(field *Field) string {
	switch {
	case field.Key == profile.KeyUser && f.user != "":
		return f.user
	case field.Key == profile.KeyPort && f.gatewayPort() != 0:
		return strconv.Itoa(int(f.gatewayPort()))
	case field.Required != nil && field.Required(f.value):
		return po.T("Required")
	}
	return profile.Lookup(field.Key).Default
}

// gatewayPort returns the port in the server field, 0 if there is none.
func (f *Form) gatewayPort() uint16 {
	host, _, err := profile.ParseGateway(f.value(profile.KeyGateway))
	if err != nil {
		return 0
	}
	return host.Port
}

// explanation returns what the chosen word means.
func (f *Form) explanation(field *Field) string {
	if field.Key == profile.KeyServerCertCheck && f.value(profile.KeyServerCertSHA) != "" {
		return po.T("Only the certificate with this fingerprint is accepted, whatever is chosen here.")
	}
	for _, w := range field.Words {
		if w.Value == f.value(field.Key) {
			return po.T(w.Help)
		}
	}
	return ""
}

// value returns what a field says now, or else the default.
func (f *Form) value(key string) string {
	if v := strings.TrimSpace(f.w.Get(key)); v != "" {
		return v
	}
	return profile.Lookup(key).Default
}

// Apply returns v, the connection as it is now, with what the fields say. Keys without a field stay as they are
// in v; those whose field is hidden or untouched become what they were when the page was filled.
func (f *Form) Apply(v Values) Values {
	out := Values{maps.Clone(v.Data), maps.Clone(v.Secrets)}
	if out.Data == nil {
		out.Data = map[string]string{}
	}
	if out.Secrets == nil {
		out.Secrets = map[string]string{}
	}
	for i := range Fields {
		field := &Fields[i]
		key, now := field.Key, f.w.Get(field.Key)
		items, before := out.of(key), f.before.of(key)[key]
		switch {
		case field.When != nil && !field.When(f.value), now == f.filled[key] && f.stored[key] == "":
			now = before
		case field.Shape == File && f.stored[key] != "" && now == Describe(f.stored[key]):
			now = f.stored[key]
		case field.Shape != Password:
			now = strings.TrimSpace(now)
			// A port in the server field contradicts the default as well, if that was typed.
			if now == profile.Lookup(key).Default && (key != profile.KeyPort || f.gatewayPort() == 0) {
				now = ""
			}
		}
		if now == "" {
			delete(items, key)
		} else {
			items[key] = now
		}
	}
	for _, secret := range []string{profile.SecretPassword, profile.SecretKeyPassword, profile.SecretProxyPassword} {
		if profile.FlagsOf(out.Data, secret)&(profile.NotSaved|profile.NotRequired) != 0 {
			delete(out.Secrets, secret)
		}
	}
	return out
}
