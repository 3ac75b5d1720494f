// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChallengesAreRead(t *testing.T) {
	type params = map[string]string
	for _, tt := range []struct {
		header string
		want   []challenge
	}{
		{"", nil},
		{"Basic", []challenge{{"basic", params{}}}},
		{`Basic realm="a \"b\", c"`, []challenge{{"basic", params{"realm": `a "b", c`}}}},
		{`Basic realm=lab`, []challenge{{"basic", params{"realm": "lab"}}}},
		{` , Digest realm = "r" , NONCE="n=,=" ,qop="auth,auth-int"`, []challenge{{"digest", params{"realm": "r", "nonce": "n=,=", "qop": "auth,auth-int"}}}},
		{`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"`, // RFC 9110 11.6.1
			[]challenge{{"newauth", params{"realm": "apps", "type": "1", "title": `Login to "apps"`}}, {"basic", params{"realm": "simple"}}}},
		{`Negotiate, NTLM abc+/==, Basic realm="x"`, []challenge{{"negotiate", params{}}, {"ntlm", params{}}, {"basic", params{"realm": "x"}}}},
		{`Digest realm="unfinished`, []challenge{{"digest", params{}}}},
		{`Digest realm="x\`, []challenge{{"digest", params{}}}},
		{`realm="x", Basic`, nil},
		{`Basic (x), Digest nonce=1`, []challenge{{"basic", params{}}, {"digest", params{"nonce": "1"}}}},
	} {
		if diff := cmp.Diff(tt.want, parseChallenges(tt.header), cmp.AllowUnexported(challenge{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.header, diff)
		}
	}
	if n := len(parseChallenges(strings.Repeat("A,", 1000))); n != maxChallenges {
		t.Errorf("%d challenges were kept", n)
	}
}

func TestDigestsOfTheRFCs(t *testing.T) {
	for _, tt := range []struct {
		name, user, password, method, uri string
		params                            map[string]string
		cnonce                            string
		want                              []string
	}{
		{
			"RFC 7616 3.9.1, MD5", "Mufasa", "Circle of Life", "GET", "/dir/index.html",
			map[string]string{"realm": "http-auth@example.org", "qop": "auth, auth-int", "algorithm": "MD5", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"},
			"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			[]string{`response="8ca523f5e9506fed4657c9700eebdbec"`, `username="Mufasa"`, `nc=00000001`, `qop=auth`, `algorithm=MD5`, `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`},
		},
		{
			"RFC 7616 3.9.1, SHA-256", "Mufasa", "Circle of Life", "GET", "/dir/index.html",
			map[string]string{"realm": "http-auth@example.org", "qop": "auth, auth-int", "algorithm": "SHA-256", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"},
			"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			[]string{`response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"`, `algorithm=SHA-256`},
		},
		// The name as corrected by erratum 4897; the answer was checked with Python's hashlib.
		{
			"after RFC 7616 3.9.2, SHA-512-256", "Jäsøn Doe", "Secret, or not?", "GET", "/doe.json",
			map[string]string{"realm": "api@example.org", "qop": "auth", "algorithm": "SHA-512-256", "nonce": "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", "charset": "UTF-8", "userhash": "true"},
			"NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
			[]string{`username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"`, `response="7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c"`, `userhash=true`},
		},
		{
			"RFC 2617 3.5", "Mufasa", "Circle Of Life", "GET", "/dir/index.html",
			map[string]string{"realm": "testrealm@host.com", "qop": "auth", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"},
			"0a4f113b",
			[]string{`response="6629fae49393a05397450978507c4ef1"`},
		},
		// With the correction of erratum 749.
		{
			"RFC 2069 2.4", "Mufasa", "CircleOfLife", "GET", "/dir/index.html",
			map[string]string{"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"},
			"",
			[]string{`response="1949323746fe6a43ef61f9606e7febea"`},
		},
		{
			"a name beyond ASCII", "Zoë", "x", "CONNECT", "vpn.test:443",
			map[string]string{"realm": `a "b"`, "nonce": "n", "charset": "utf-8", "algorithm": "md5-SESS"},
			"",
			[]string{`username*=UTF-8''Zo%C3%AB`, `realm="a \"b\""`, `algorithm=MD5-sess`, `cnonce=`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDigest(tt.params)
			if d == nil {
				t.Fatal("the challenge was not understood")
			}
			if tt.cnonce != "" {
				d.cnonce = tt.cnonce
			}
			got := d.header(tt.user, []byte(tt.password), tt.method, tt.uri, 1)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in\n%s", want, got)
				}
			}
		})
	}
	for _, params := range []map[string]string{{}, {"nonce": "n", "algorithm": "MD4"}, {"nonce": "n", "qop": "auth-int"}, {"nonce": "n\r\nX: y"}} {
		if newDigest(params) != nil {
			t.Errorf("%v was taken", params)
		}
	}
}

func TestTheStrongestSchemeIsAnswered(t *testing.T) {
	p := proxyOf(t, HTTP, "joe", "secret")
	for header, want := range map[string]string{
		`Basic realm="x", Digest nonce=1, Digest nonce=2, algorithm=SHA-256`: "SHA-256",
		`Digest nonce=2, algorithm=SHA-256, Digest nonce=1, Basic`:           "SHA-256",
		`Digest nonce=2, algorithm=SHA-512-256, Digest nonce=1, Basic`:       "SHA-512-256",
		`Basic realm="x", Digest nonce=1`:                                    "MD5",
		`Basic realm="x", Digest nonce=1, algorithm=MD4`:                     "basic",
	} {
		a, err := p.respond(parseChallenges(header))
		got := "basic"
		if err == nil && a.digest != nil {
			got = a.digest.hash.name
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", header, got, err, want)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"`)
	f.Add(`Digest realm="x", qop="auth", algorithm=SHA-256, nonce="n", opaque="o", Negotiate abc==`)
	f.Fuzz(func(t *testing.T, header string) {
		list := parseChallenges(header)
		if len(list) > maxChallenges {
			t.Fatalf("%d challenges", len(list))
		}
		p := &Proxy{cfg: Config{User: "joe", Password: known("secret")}}
		for _, c := range list {
			if c.scheme == "" || len(c.params) > maxParams {
				t.Fatalf("%+v", c)
			}
		}
		if a, err := p.respond(list); err == nil {
			if text := a.header("CONNECT", "vpn.test:443"); bytes.ContainsAny(text, "\r\n\x00") {
				t.Fatalf("the answer breaks the line: %q", text)
			}
		}
	})
}

func FuzzReadReply(f *testing.F) {
	f.Add([]byte(wantsBasic))
	f.Add([]byte(fine))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := readReply(bufio.NewReaderSize(bytes.NewReader(b), maxLine)); err == nil && (r.status < 100 || r.status > 999 || len(r.line) > 83) {
			t.Fatalf("%+v", r)
		}
	})
}

func FuzzSOCKS(f *testing.F) {
	f.Add([]byte("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x5a\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x05\x00\x00\x03\x02ab\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func(io.Reader) error{
			readSOCKS4, readSOCKS5Status, readSOCKS5Reply,
			func(r io.Reader) error { _, err := readSOCKS5Method(r); return err },
		} {
			r := bytes.NewReader(b)
			if err := read(r); err == nil && r.Len() == len(b) {
				t.Fatal("success without an answer")
			}
		}
	})
}
