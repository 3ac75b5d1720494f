// SPDX-License-Identifier: Apache-2.0

package form

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

// screen is a page without a toolkit.
type screen struct {
	values   map[string]string
	hidden   map[string]bool
	readable map[string]bool
	hints    map[string]string
	notes    map[string]string
	problem  string
	marked   string
}

func newScreen() *screen {
	return &screen{values: map[string]string{}, hidden: map[string]bool{}, readable: map[string]bool{}, hints: map[string]string{}, notes: map[string]string{}}
}

func (s *screen) Get(key string) string { return s.values[key] }

func (s *screen) Set(key, value string) {
	if f := Find(key); f != nil && f.Shape == Combo && !slices.ContainsFunc(f.Words, func(w Word) bool { return w.Value == value }) {
		value = "" // as GtkComboBox does
	}
	s.values[key] = value
}

func (s *screen) Show(key string, on bool)   { s.hidden[key] = !on }
func (s *screen) Reveal(key string, on bool) { s.readable[key] = on }
func (s *screen) Hint(key, text string)      { s.hints[key] = text }
func (s *screen) Explain(key, text string)   { s.notes[key] = text }
func (s *screen) Tell(key, problem string)   { s.marked, s.problem = key, problem }

func values(pairs ...string) Values {
	v := Values{Data: map[string]string{}, Secrets: map[string]string{}}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		if k := profile.Lookup(key); k != nil && k.Secret {
			v.Secrets[key] = value
		} else {
			v.Data[key] = value
		}
	}
	return v
}

func TestEveryKeyHasItsField(t *testing.T) {
	for _, k := range profile.Keys {
		f := Find(k.Name)
		switch {
		case k.Group == profile.GroupImport: // for export only
		case k.Name == profile.KeyServerAddresses: // for nm-softether-strict
		case f == nil:
			t.Errorf("%s cannot be set", k.Name)
		case f.Shape == Combo && k.Kind == profile.KindEnum:
			var words, labels []string
			for _, w := range k.Values {
				words = append(words, w.Word)
			}
			for _, w := range f.Words {
				labels = append(labels, w.Value)
			}
			if diff := cmp.Diff(words, labels); diff != "" {
				t.Errorf("%s (-table +field)\n%s", k.Name, diff)
			}
		case k.Secret != (f.Shape == Password), (k.Kind == profile.KindBool) != (f.Shape == Check), (k.Kind == profile.KindPEM) != (f.Shape == File):
			t.Errorf("%s has the wrong shape, %d", k.Name, f.Shape)
		}
	}
	for _, f := range Fields {
		if profile.Lookup(f.Key) == nil {
			t.Errorf("there is no key %s", f.Key)
		}
	}
}

func TestMnemonicsAreUnique(t *testing.T) {
	// Connection _name, _Cancel, _Save, _Export; _Name, _Apply, _Add: letters of nm-connection-editor and GNOME Settings.
	seen := map[string]string{"p": ShowPasswords, "a": "the host", "c": "the host", "e": "the host", "n": "the host", "s": "the host"}
	take := func(label, id string) {
		i := strings.IndexByte(label, '_')
		if i < 0 {
			return
		}
		letter := strings.ToLower(label[i+1 : i+2])
		if other, ok := seen[letter]; ok {
			t.Errorf("Alt+%s leads to %s and %s", letter, other, id)
		}
		seen[letter] = id
	}
	for _, s := range Sections {
		take(s.Title, s.Title)
	}
	for _, f := range Fields {
		take(f.Label, f.Key)
	}
}

func TestUntouchedPageChangesNothing(t *testing.T) {
	for name, v := range map[string]Values{
		"empty":         {},
		"plain":         values("gateway=vpn.example.com:992", "user=joe", "password=x"),
		"unknown keys":  values("gateway=h", "user=joe", "made-up=1", "vpn-file-items=DeviceName=pp"),
		"defaults":      values("gateway=h", "user=joe", "mtu=1500", "qos=yes", "auth-type=password", "port=443", "password-flags=0"),
		"odd values":    values("gateway= h ", "auth-type=smartcard", "qos=maybe", "password-flags=3", "mtu=x"),
		"hidden values": values("gateway=h", "auth-type=anonymous", "cert=/a/b.pem", "proxy-server=p:1", "password=left over"),
		"asked":         values("gateway=h", "user=joe", "password-flags=2"),
	} {
		want := Values{Data: map[string]string{}, Secrets: map[string]string{}}
		maps.Copy(want.Data, v.Data)
		maps.Copy(want.Secrets, v.Secrets)
		if diff := cmp.Diff(want, New(newScreen(), v, "").Apply(v)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// Settings programs may hand over another setting than the page was made from.
func TestPageFillsASettingThatLostItsKeys(t *testing.T) {
	f := New(newScreen(), values("gateway=h", "user=joe", "mtu=1400"), "")
	if diff := cmp.Diff(values("gateway=h", "user=joe", "mtu=1400", "other=1"), f.Apply(values("other=1"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFieldsFollowWhatIsChosen(t *testing.T) {
	s := newScreen()
	f := New(s, values("gateway=h"), "")
	for _, test := range []struct{ key, value, shown, hidden string }{
		{"auth-type", "password", "password password-flags", "cert key key-password key-password-flags proxy-server"},
		{"auth-type", "certificate", "cert key key-password key-password-flags", "password password-flags"},
		{"auth-type", "anonymous", "", "password cert show-passwords"},
		{"auth-type", "", "password", "cert"},
		{"proxy-type", "socks4", "proxy-server proxy-user", "proxy-password proxy-password-flags"},
		{"proxy-type", "http", "proxy-server proxy-user proxy-password proxy-password-flags show-passwords", ""},
		{"max-connections", "1", "", "half-duplex connection-interval connection-lifetime"},
		{"max-connections", "2", "half-duplex connection-interval connection-lifetime", ""},
		{"max-connections", " ", "", "half-duplex"},
	} {
		s.values[test.key] = test.value
		f.Changed()
		for key := range strings.FieldsSeq(test.shown) {
			if s.hidden[key] {
				t.Errorf("with %s=%s, %s is hidden", test.key, test.value, key)
			}
		}
		for key := range strings.FieldsSeq(test.hidden) {
			if !s.hidden[key] {
				t.Errorf("with %s=%s, %s is shown", test.key, test.value, key)
			}
		}
	}
}

func TestPasswordsAreReadableOnDemand(t *testing.T) {
	s := newScreen()
	f := New(s, Values{}, "")
	for _, want := range []string{"no", "yes", "no"} {
		s.values[ShowPasswords] = want
		f.Changed()
		if s.readable["password"] != (want == "yes") || s.readable["proxy-password"] != (want == "yes") {
			t.Errorf("with %s: %v", want, s.readable)
		}
	}
}

func TestWhatIsTypedIsTakenOver(t *testing.T) {
	for name, test := range map[string]struct {
		before Values
		typed  map[string]string
		want   Values
	}{
		"trimmed":            {Values{}, map[string]string{"gateway": " h ", "user": "joe\t"}, values("gateway=h", "user=joe")},
		"password as it is":  {Values{}, map[string]string{"password": " x "}, values("password= x ")},
		"default is none":    {values("mtu=1400", "qos=no"), map[string]string{"mtu": "1500", "qos": "yes"}, values()},
		"emptied":            {values("hub=A", "password=x"), map[string]string{"hub": " ", "password": ""}, values()},
		"hidden stays":       {values("cert=/a.pem"), map[string]string{"cert": "/b.pem"}, values("cert=/a.pem")},
		"never stored":       {values("password=x"), map[string]string{"password-flags": "2"}, values("password-flags=2")},
		"not needed":         {values("password=x", "password-flags=1"), map[string]string{"password-flags": "4"}, values("password-flags=4")},
		"keyring":            {values("password=x"), map[string]string{"password-flags": "1"}, values("password-flags=1", "password=x")},
		"odd value replaced": {values("auth-type=smartcard"), map[string]string{"auth-type": "anonymous"}, values("auth-type=anonymous")},
	} {
		s := newScreen()
		f := New(s, test.before, "")
		for key, value := range test.typed {
			s.Set(key, value)
		}
		f.Changed()
		if diff := cmp.Diff(test.want, f.Apply(test.before)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestProblemsNameTheFieldAndTheReason(t *testing.T) {
	for want, v := range map[string]Values{
		"":                               values("gateway=h", "user=joe"),
		"Server: enter the name":         values("user=joe"),
		"User name: enter your user":     values("gateway=h"),
		`MTU: must be a number from 576`: values("gateway=h", "user=joe", "mtu=9"),
		`Server: the host name contains`: values("gateway=a b", "user=joe"),
		"Password: at most 255 bytes":    values("gateway=h", "user=joe", "password="+strings.Repeat("x", 256)),
		"Private key: choose the priva":  values("gateway=h", "user=joe", "auth-type=certificate", "cert=/a.pem"),
	} {
		s := newScreen()
		err := New(s, v, "").Check(v, profile.Source{ID: "x", UUID: "b2f0c8a4-3f0e-4a55-9a39-0a3f6d2f8c11"})
		var problem *Problem
		switch {
		case want == "" && err == nil && s.problem == "":
		case want == "" || !errors.As(err, &problem) || !strings.HasPrefix(err.Error(), want):
			t.Errorf("got %v, want %q", err, want)
		case s.problem != err.Error() && v.Data["gateway"] != "":
			t.Errorf("the page says %q, the error %q", s.problem, err)
		}
	}
}
