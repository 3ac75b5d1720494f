// SPDX-License-Identifier: Apache-2.0

package form

import (
	"errors"
	"maps"
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// Widgets are the fields on the screen, each by the name of its key. Values are text: what was typed, the value
// of the chosen word ("" for none), "yes" or "no".
type Widgets interface {
	Get(key string) string
	Set(key, value string)
	Show(key string, on bool)   // with its label
	Reveal(key string, on bool) // a password's characters
	Tell(problem string)        // below the page; "" takes it away
}

// Values are the keys of a connection, vpn.data and vpn.secrets.
type Values struct{ Data, Secrets map[string]string }

// of returns the part a key belongs to.
func (v Values) of(key string) map[string]string {
	if profile.Lookup(key).Secret {
		return v.Secrets
	}
	return v.Data
}

// A Form is a page with a connection in it. It is not safe for concurrent use.
type Form struct {
	w      Widgets
	before Values            // as it came
	filled map[string]string // what each field showed then
	stored map[string]string // content of the files read since, by key
}

// New fills the fields with a connection.
func New(w Widgets, v Values) *Form {
	f := &Form{w: w, before: Values{maps.Clone(v.Data), maps.Clone(v.Secrets)}, filled: map[string]string{}, stored: map[string]string{}}
	for i := range Fields {
		field := &Fields[i]
		value := v.of(field.Key)[field.Key]
		if value == "" && (field.Shape == Combo || field.Shape == Check) {
			value = profile.Lookup(field.Key).Default
		}
		if field.Shape == File && isPEM(value) {
			value = Describe(value)
		}
		w.Set(field.Key, value)
		f.filled[field.Key] = w.Get(field.Key) // a Combo shows nothing where the value is none of its words
	}
	f.Changed()
	w.Tell("")
	return f
}

// Changed shows and hides fields to fit what is chosen. It is called after every change.
func (f *Form) Changed() {
	passwords := false
	for i := range Fields {
		if field := &Fields[i]; field.When != nil {
			f.w.Show(field.Key, field.When(f.value))
		}
		if Fields[i].Shape == Password {
			f.w.Reveal(Fields[i].Key, f.w.Get(ShowPasswords) == "yes")
			passwords = passwords || Fields[i].When(f.value)
		}
	}
	f.w.Show(ShowPasswords, passwords)
}

// value is what a field says now, the default if nothing.
func (f *Form) value(key string) string {
	if v := strings.TrimSpace(f.w.Get(key)); v != "" {
		return v
	}
	return profile.Lookup(key).Default
}

// Load puts the content of a file into a File field: it is stored in the connection, so that the service needs no
// right to read the file.
func (f *Form) Load(key, content string) error {
	if !isPEM(content) {
		return po.Error("this is no PEM file; type the path of a PKCS#12 file (.p12, .pfx) instead")
	}
	if err := profile.Lookup(key).Check(content); err != nil {
		return err
	}
	shown := Describe(content)
	f.stored[key] = content
	f.w.Set(key, shown)
	return nil
}

// Apply returns what v, the connection as it is now, becomes with what the fields say. Keys that have no field, and
// those whose field is hidden or untouched, stay as they are in v.
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
			if now == profile.Lookup(key).Default {
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

// Problem is what keeps a connection from being saved.
type Problem struct {
	Key string // whose field is wrong; "" if it has none
	Err error
}

func (p *Problem) Error() string {
	if field := Find(p.Key); field != nil {
		return po.F("%s: %s", field.Title(), reason(p.Err))
	}
	return p.Err.Error()
}

func (p *Problem) Unwrap() error { return p.Err }

// reason is an error of package profile without the name of the key, for which the label stands.
func reason(err error) string {
	var bad *profile.ValueError
	var missing *profile.MissingError
	switch {
	case errors.As(err, &missing):
		return missing.Help
	case errors.As(err, &bad) && bad.Value != "":
		return po.F("%q: %s", bad.Value, bad.Allowed)
	case errors.As(err, &bad):
		return bad.Allowed
	}
	return err.Error()
}

// Check judges values as the service will, and shows the verdict on the page. Nothing is said on a page that is still
// empty. The error is a *[Problem].
func (f *Form) Check(v Values, src profile.Source) error {
	src.Data, src.Secrets = v.Data, v.Secrets
	_, _, err := profile.Parse(src)
	if err == nil {
		f.w.Tell("")
		return nil
	}
	problem := &Problem{Err: err}
	var bad *profile.ValueError
	var missing *profile.MissingError
	switch {
	case errors.As(err, &bad):
		problem.Key = bad.Key
	case errors.As(err, &missing):
		problem.Key = missing.Key
	}
	if v.Data[profile.KeyGateway] == "" && missing != nil {
		f.w.Tell("")
	} else {
		f.w.Tell(problem.Error())
	}
	return problem
}
