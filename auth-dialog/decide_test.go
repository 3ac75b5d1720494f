// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leonelquinteros/gotext"

	"network-manager-softether/profile"
)

var (
	seen  = strings.Repeat("0a", 32)
	other = strings.Repeat("bc", 32)
)

// brief writes the fields of a question as name=value, with "?" after those that are asked.
func brief(q question) string {
	var parts []string
	for _, f := range q.fields {
		s := strings.NewReplacer(seen, "SEEN", other, "OTHER").Replace(f.key + "=" + f.value)
		if f.ask {
			s += "?"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func pairs(s string) map[string]string {
	m := map[string]string{}
	for item := range strings.FieldsSeq(s) {
		item = strings.NewReplacer("SEEN", seen, "OTHER", other, "ENCRYPTED", "-----BEGIN ENCRYPTED PRIVATE KEY-----").Replace(item)
		k, v, _ := strings.Cut(item, "=")
		m[k] = v
	}
	return m
}

func TestDecide(t *testing.T) {
	cert := "trust-sha256-SEEN"
	for _, tc := range []struct {
		why, data, secrets string
		args               string // flags and hints
		want               string
	}{
		// the passes without hints
		{"first pass, nothing known", "", "", "", "password="},
		{"first pass, stored", "", "password=x", "", "password=x"},
		{"asked", "", "", "-i", "password=?"},
		{"stored is not asked", "", "password=x", "-i", "password=x"},
		{"an empty one is asked, as agents cannot hand it back", "", "password=", "-i", "password=?"},
		{"stored was wrong", "", "password=x", "-i -r", "password=?"},
		{"stored was wrong, but nobody may be asked", "", "password=x", "-r", "password="},
		{"not saved", "password-flags=2", "password=x", "-i", "password=?"},
		{"not saved, first pass", "password-flags=2", "password=x", "", "password="},
		{"not required", "password-flags=4", "", "-i", ""},
		{"bad flags count as none", "password-flags=x", "", "-i", "password=?"},
		{"anonymous", "auth-type=anonymous", "", "-i", ""},
		{"a stored secret that is not needed goes back", "auth-type=anonymous", "password=x", "-i", "password=x"},
		{"encrypted key", "auth-type=certificate key=ENCRYPTED", "", "-i", "key-password=?"},
		{"key in a file", "auth-type=certificate key=/k", "", "-i", ""},
		{"proxy", "proxy-type=http proxy-user=u", "", "-i", "password=? proxy-password=?"},
		{"proxy, one known", "proxy-type=http proxy-user=u", "password=x", "-i", "password=x proxy-password=?"},

		// hints
		{"wrong password", "", "password=x", "-i password", "password=?"},
		{"wrong password, nobody may be asked", "", "password=x", "password", "password="},
		{"exactly what is named", "", "", "-i proxy-password", "proxy-password=?"},
		{"what is known goes with it", "password-flags=2", "password=x", "-i proxy-password", "password=x proxy-password=?"},
		{"asked in spite of not required", "password-flags=4", "", "-i password", "password=?"},
		{"a name nobody knows", "", "", "-i foo hub x-new:y", "password=?"},
		{"named twice", "", "", "-i password password", "password=?"},

		// the certificate question
		{"new certificate", "", "password=x", "-i " + cert, "trust-sha256-SEEN=? password=x"},
		{"new certificate, nobody may be asked", "", "", cert, "trust-sha256-SEEN="},
		{"no was the answer before", "", "trust-sha256-SEEN=no", "-i " + cert, "trust-sha256-SEEN=?"},
		{"another certificate is trusted", "", "trust-sha256-OTHER=yes", "-i " + cert, "trust-sha256-SEEN=? trust-sha256-OTHER=yes"},
		{"what was typed and is no answer does not go back", "", "trust-sha256-SEEN=secret password=x", "-i", "password=x"},
		{"a stored answer goes back", "", "trust-sha256-SEEN=yes password=x", "-i", "trust-sha256-SEEN=yes password=x"},
		{"no true fingerprint, no question", "", "", "-i trust-sha256-12", "password=?"},
		{"both", "", "", "-i password " + cert, "trust-sha256-SEEN=? password=?"},
		{"a password that is never saved goes along", "password-flags=2", "password=x", "-i " + cert, "trust-sha256-SEEN=? password=x"},
	} {
		var o options
		for a := range strings.FieldsSeq(strings.ReplaceAll(tc.args, "SEEN", seen)) {
			switch a {
			case "-i":
				o.interactive = true
			case "-r":
				o.reprompt = true
			default:
				o.hints = append(o.hints, a)
			}
		}
		q := decide(o, connection{pairs(tc.data), pairs(tc.secrets)})
		if got := brief(q); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.why, got, tc.want)
		}
		if !o.interactive && q.asks() {
			t.Errorf("%s: asks without -i", tc.why)
		}
	}
}

func TestWords(t *testing.T) {
	long := strings.Repeat("é", 3000)
	const again = "\nEnter the password of the user on the VPN server, hub “DEFAULT”."
	fingerprint := "0A" + strings.Repeat(":0A", 31)
	for _, tc := range []struct {
		why, data string
		o         options
		want      string
	}{
		{"password", "gateway=vpn.example.com hub=OFFICE user=joe", options{}, "Enter the password of user “joe” on vpn.example.com, hub “OFFICE”."},
		{"no user, default hub", "gateway=vpn.example.com:992", options{}, "Enter the password of the user on vpn.example.com:992, hub “DEFAULT”."},
		{"nothing known", "", options{}, "Enter the password of the user on the VPN server, hub “DEFAULT”."},
		{"again", "gateway=h user=u", options{reprompt: true}, "That was not accepted. Please try again.\nEnter the password of user “u” on h, hub “DEFAULT”."},
		{"proxy", "auth-type=anonymous proxy-type=http proxy-user=pu proxy-server=p:3128", options{}, "Enter the password of user “pu” for the proxy p:3128."},
		{"key", "auth-type=certificate key=ENCRYPTED gateway=h user=u", options{}, "Enter the password of the private key for user “u” on h, hub “DEFAULT”."},
		{"nothing asked", "auth-type=anonymous gateway=h", options{}, "VPN on h, hub “DEFAULT”"},
		{"message", "", options{hints: []string{"password", "x-vpn-message:Wrong <b>password</b>: try again; \\n"}}, `Wrong <b>password</b>: try again; \n` + again},
		{"two messages", "", options{hints: []string{"x-vpn-message:a", "x-vpn-message:b"}}, "a\nb" + again},
		{"message with what terminals obey", "", options{hints: []string{"x-vpn-message:\x1b[2Ja\tb\u202ec\r\nd\xff\u2028e"}}, "[2Ja bc\nd\ufffd e" + again},
		{"message without end", "", options{hints: []string{"x-vpn-message:" + long}}, strings.Repeat("é", 2000) + "…" + again},
		{"certificate", "gateway=h", options{hints: []string{"trust-sha256-" + seen}}, "The identity of h, hub “DEFAULT” could not be verified. Is this SHA-256 fingerprint of its certificate the one that the people who run it gave you? Your answer is remembered.\n" + fingerprint},
		{"certificate and message", "", options{hints: []string{"trust-sha256-" + seen, "x-vpn-message:Trust?"}}, "Trust?\nSHA-256: " + fingerprint},
		{"certificate, where a word is typed", "", options{external: true, hints: []string{"trust-sha256-" + seen, "x-vpn-message:Trust " + fingerprint + "?"}}, "Trust " + fingerprint + "?\n" + howToAnswer()},
		{"certificate and message that shows it", "", options{hints: []string{"trust-sha256-" + seen, "x-vpn-message:Trust " + fingerprint + "?"}}, "Trust " + fingerprint + "?"},
	} {
		tc.o.interactive, tc.o.name = true, "Office"
		q := decide(tc.o, connection{data: pairs(tc.data)})
		if diff := cmp.Diff(tc.want, q.description); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.why, diff)
		}
		if q.title != "Authenticate VPN Office" {
			t.Errorf("%s: title %q", tc.why, q.title)
		}
	}
}

// nmcli and nmtui put the password that was refused into the field.
func TestWhoTypesInATerminalIsToldToDeleteWhatIsThere(t *testing.T) {
	for _, tc := range []struct {
		why, secrets string
		o            options
		want         bool
	}{
		{"again", "password=wrong", options{terminal: true, hints: []string{"password"}}, true},
		{"first time", "", options{terminal: true, hints: []string{"password"}}, false},
		{"another password", "proxy-password=fine", options{terminal: true, hints: []string{"password"}}, false},
		{"about a certificate", "password=fine", options{terminal: true, external: true, hints: []string{"trust-sha256-" + seen}}, false},
		{"in a window", "password=wrong", options{hints: []string{"password"}}, false},
	} {
		tc.o.interactive = true
		if got := strings.Contains(decide(tc.o, connection{data: map[string]string{}, secrets: pairs(tc.secrets)}).description, "Ctrl-U"); got != tc.want {
			t.Errorf("%s: told: %v, want %v", tc.why, got, tc.want)
		}
	}
}

// What the dialog asks to be typed, in whatever language, is understood.
func TestTheWordsThatAreAskedForAreAnswers(t *testing.T) {
	files, err := filepath.Glob("../po/*.po")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d catalogs, %v", len(files), err)
	}
	for _, f := range files {
		p := gotext.NewPo()
		p.ParseFile(f)
		for word, want := range map[string]profile.Answer{wordYes: profile.Yes, wordNo: profile.No} {
			if translated := p.GetDomain().GetTranslations()[word]; translated != nil {
				word = translated.Get()
			}
			if got := profile.ParseAnswer(word, [32]byte{}); got != want {
				t.Errorf("%s: %q is answer %v, want %v", f, word, got, want)
			}
		}
	}
}

func TestEscape(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"a b", "a b"},
		{" a b ", `\sa b\s`},
		{"   ", `\s\s\s`},
		{"a\nb\r\tc", `a\nb\r\tc`},
		{`C:\new`, `C:\\new`},
		{"[x]=;#", "[x]=;#"},
		{"日本\xff", "日本\ufffd"},
	} {
		if got := escape(tc.in); got != tc.want {
			t.Errorf("escape(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}
