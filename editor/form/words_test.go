// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"network-manager-softether/profile"
)

// fileWords finds what only files have: names of keys with a hyphen, and a key with its value.
func fileWords(text string) string {
	for _, k := range profile.Keys {
		if strings.Contains(k.Name, "-") && regexp.MustCompile(`(^|[^\w-])`+k.Name+`($|[^\w-])`).MatchString(text) {
			return k.Name
		}
	}
	return regexp.MustCompile(`vpn\.(user-name|data|secrets)|\b[a-z-]+=\S|\bgateway\b|PEM text`).FindString(text)
}

// A person before the page does not know how the connection is stored.
func TestPageSpeaksItsOwnWords(t *testing.T) {
	narrow := func(rune) bool { return false }
	for i := range Fields {
		f := &Fields[i]
		texts := []string{f.Label, f.Tooltip(narrow)}
		for _, w := range f.Words {
			texts = append(texts, w.Label, w.Help)
		}
		for _, text := range texts {
			if word := fileWords(text); word != "" {
				t.Errorf("%s says %q: %s", f.Key, word, text)
			}
		}
	}
	const ok = "gateway=h user=joe "
	for _, wrong := range []string{
		"user=joe", "gateway=h", "gateway=a..b user=joe", "gateway=https://h user=joe", "gateway=[h user=joe", "gateway=h:0 user=joe", "gateway=h/a_:b user=joe",
		ok + "auth-type=certificate", ok + "auth-type=certificate cert=/a.pem", ok + "auth-type=certificate cert=a.pem key=/k", ok + "cert=-----BEGIN_x", ok + "key=x/",
		ok + "proxy-type=http", ok + "proxy-type=http proxy-server=p", ok + "proxy-type=http proxy-server=p:1 transport=udp",
		"gateway=h/pc7 user=joe", "gateway=h/tcp user=joe transport=udp", "gateway=h:5 user=joe port=6",
		ok + "max-connections=1 half-duplex=yes", ok + "mac=x", ok + "mac=ff:ff:ff:ff:ff:ff", ok + "mtu=1", ok + "server-cert-sha256=1", ok + "dhcp-hostname=a..b", ok + "port=0",
		ok + "reconnect-interval=1", ok + "hub=\x01",
	} {
		v := values(strings.Fields(wrong)...)
		s := newScreen()
		err := New(s, v, "").Check(v, profile.Source{ID: "x", UUID: "b2f0c8a4-3f0e-4a55-9a39-0a3f6d2f8c11"})
		if err == nil {
			t.Errorf("%s is right", wrong)
			continue
		}
		_, text, named := strings.Cut(err.Error(), ": ")
		if word := fileWords(text); word != "" || !named || len(err.Error()) > 130 || s.marked == "" && v.Data["gateway"] != "" {
			t.Errorf("%s: says %q, marks %q: %s", wrong, word, s.marked, err)
		}
	}
}

// The default is dropped from the connection, but not before it has been compared with what the server says.
func TestPortContradictsTheServerInEveryOrder(t *testing.T) {
	type typed struct{ key, value string }
	for _, test := range []struct {
		before Values
		steps  []typed
		wrong  bool
	}{
		{values("user=joe"), []typed{{"gateway", "h:5555"}, {"port", "443"}}, true},
		{values("user=joe"), []typed{{"port", "443"}, {"gateway", "h:5555"}}, true},
		{values("user=joe"), []typed{{"port", " 443 "}, {"gateway", "[::1]:5555"}}, true},
		{values("user=joe", "gateway=h", "port=443"), []typed{{"gateway", "h:5555"}}, true},
		{values("user=joe", "gateway=h:5555"), []typed{{"port", "443"}}, true},
		{values("user=joe", "gateway=h:5555"), []typed{{"port", "443"}, {"port", ""}}, false},
		{values("user=joe", "gateway=h:5555"), []typed{{"port", "5555"}}, false},
		{values("user=joe", "gateway=h:443"), []typed{{"port", "443"}}, false},
		{values("user=joe", "gateway=h:443"), []typed{{"gateway", "h"}, {"port", "443"}}, false},
	} {
		s := newScreen()
		f := New(s, test.before, "")
		for _, step := range test.steps {
			s.Set(step.key, step.value)
			f.Changed()
		}
		after := f.Apply(test.before)
		err := f.Check(after, profile.Source{ID: "x", UUID: "b2f0c8a4-3f0e-4a55-9a39-0a3f6d2f8c11"})
		if (err != nil) != test.wrong || test.wrong && (s.marked != "port" || after.Data["port"] != "443") {
			t.Errorf("%v: %v, %v marked %q", test.steps, after.Data, err, s.marked)
		}
	}
}

func TestEmptyFieldsSayWhatIsRequiredOrMeant(t *testing.T) {
	for _, test := range []struct {
		v              Values
		userName, want string
	}{
		{values(), "", "gateway:Required port:443 hub:DEFAULT user:Required"},
		{values("auth-type=anonymous"), "", "gateway:Required user:"},
		{values("gateway=h:5555"), "joe", "port:5555 user:joe"},
		{values("auth-type=certificate"), "", "cert:Required key:Required"},
		{values("auth-type=certificate", "cert=/home/joe/joe.p12"), "", "cert:Required key:"},
		{values("proxy-type=http"), "", "proxy-server:Required proxy-user:"},
	} {
		s := newScreen()
		New(s, test.v, test.userName)
		for item := range strings.FieldsSeq(test.want) {
			key, want, _ := strings.Cut(item, ":")
			if s.hints[key] != want {
				t.Errorf("%v: %s shows %q, want %q", test.v.Data, key, s.hints[key], want)
			}
		}
	}
}

func TestChoicesExplainThemselves(t *testing.T) {
	for _, key := range []string{"auth-type", "server-cert-check", "transport", "udp-acceleration"} {
		seen := map[string]bool{}
		for _, w := range Find(key).Words {
			s := newScreen()
			New(s, values(key+"="+w.Value), "")
			if note := s.notes[key]; note == "" || seen[note] || !strings.HasSuffix(note, ".") {
				t.Errorf("%s=%s: %q", key, w.Value, note)
			}
			seen[s.notes[key]] = true
		}
	}
	s := newScreen()
	f := New(s, values(), "")
	if !strings.Contains(s.notes["server-cert-check"], "self-signed") {
		t.Errorf("nothing is said about a self-signed certificate: %s", s.notes["server-cert-check"])
	}
	s.Set("server-cert-sha256", strings.Repeat("ab", 32))
	f.Changed()
	if !strings.Contains(s.notes["server-cert-check"], "fingerprint") {
		t.Errorf("with a fingerprint: %s", s.notes["server-cert-check"])
	}
	if s.Set("auth-type", ""); f.value("auth-type") != "password" {
		t.Error(fmt.Sprint("no word: ", f.value("auth-type")))
	}
}
