// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/proxy"
)

// keyFile is the path of a file that the tests of package usercert have.
func keyFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("usercert", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// fileKeyPassword is the password of the encrypted keys in usercert/testdata.
const fileKeyPassword = "s3cret-ü"

func TestTheKeyPasswordIsAskedForWhenTheFileNeedsIt(t *testing.T) {
	inline, err := os.ReadFile(keyFile(t, "aes256.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string][]string{
		"PEM":     {"cert=" + keyFile(t, "joe.crt"), "key=" + keyFile(t, "aes256.pem")},
		"inline":  {"cert=" + keyFile(t, "joe.crt"), "key=" + string(inline)},
		"PKCS 12": {"cert=" + keyFile(t, "modern.p12")},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				s := append(s, "auth-type=certificate")
				st.connect(t, true, settings(s...))
				st.expect(t, "state starting", "ask [key-password]")
				st.NewSecrets(settings(append(s, "!key-password=wrong")...))
				st.expect(t, "ask [key-password]")
				st.NewSecrets(settings(append(s, "!key-password="+fileKeyPassword)...))
				st.expect(t, "config se0 via 192.0.2.1", "state started")
				cert, ok := st.dialled[0].Auth.(protocol.Certificate)
				if !ok || len(cert.DER) == 0 {
					t.Fatalf("dialled with %T", st.dialled[0].Auth)
				}
				key, ok := cert.Key.(sealedKey)
				if !ok {
					t.Fatalf("the key is a %T", cert.Key)
				}
				// The rights to read files are gone by now, and a new login must not need them.
				st.session.die(protocol.ErrLost)
				time.Sleep(10 * time.Second)
				st.expect(t)
				if len(st.dialled) != 2 || !key.public.Equal(st.dialled[1].Auth.(protocol.Certificate).Key.Public()) {
					t.Error("the second login used another key")
				}
				st.Disconnect()
			})
		})
	}
}

func TestTheKeyPasswordIsAskedForThreeTimes(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := []string{"auth-type=certificate", "cert=" + keyFile(t, "modern.p12"), "!key-password=wrong"}
		st := newStage(false)
		st.connect(t, true, settings(s...))
		st.expect(t, "state starting", "ask [key-password]")
		for range maxRounds - 1 {
			st.NewSecrets(settings(s...))
			st.expect(t, "ask [key-password]")
		}
		st.NewSecrets(settings(s...))
		st.expect(t, append([]string{"failure: login failed"}, over...)...)
		if len(st.dialled) > 0 {
			t.Error("it dialled without a key")
		}
	})
}

// Of two files, the person chooses the wrong one again.
func TestTheFileThatIsWrongIsNamed(t *testing.T) {
	for _, tt := range []struct{ cert, key, want string }{
		{"plain.pem", "plain.pem", profile.KeyCert},
		{"nokey.p12", "plain.pem", profile.KeyCert},
		{"plain.pem", "", profile.KeyCert},
		{"joe.crt", "", profile.KeyCert},
		{"joe.crt", "joe.crt", profile.KeyKey},
		{"joe.crt", "openssh.pem", profile.KeyKey},
	} {
		p := &profile.Profile{Cert: profile.File{Path: keyFile(t, tt.cert)}}
		if tt.key != "" {
			p.Key = profile.File{Path: keyFile(t, tt.key)}
		}
		_, err := identity(p, &profileFiles{read: map[string][]byte{}})
		if file, ok := errors.AsType[*fileError](err); !ok || file.key != tt.want {
			t.Errorf("%s and %q: %v, want an error about %s", tt.cert, tt.key, err, tt.want)
		}
	}
}

// Nor is it told as "invalid secrets".
func TestWhatNoPasswordCanMendIsNoQuestion(t *testing.T) {
	cert := []string{"auth-type=certificate", "cert=" + keyFile(t, "joe.crt"), "key=" + keyFile(t, "plain.pem")}
	with := func(more ...string) []string { return append(append([]string{}, cert...), more...) }
	denied := &proxy.Error{Reason: proxy.Denied, Err: fmt.Errorf("no")}
	failed := &proxy.Error{Reason: proxy.Failed, Err: fmt.Errorf("no")}
	byProxy := func(kind, user string) []string {
		return []string{"proxy-type=" + kind, "proxy-server=proxy.test:1", "proxy-user=" + user, "!proxy-password=x"}
	}
	for _, tt := range []struct {
		name     string
		settings []string
		answer   error
	}{
		{"the server refuses the certificate", cert, errWrongPassword},
		{"a certificate that will not do", cert, &protocol.UserCertError{Reason: protocol.UserCertExpired}},
		{"a missing file", with("key=/nonexistent/key"), nil},
		{"a file without a key", with("key=" + keyFile(t, "joe.crt")), nil},
		{"a missing authority", []string{"ca=/nonexistent/ca"}, nil},
		{"the proxy wants a user", byProxy("http", ""), denied},
		{"SOCKS4 has no password", byProxy("socks4", "joe"), denied},
		{"the proxy is broken", byProxy("http", "joe"), failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				st.answers = []error{tt.answer}
				st.connect(t, true, settings(tt.settings...))
				st.expect(t, append([]string{"state starting", "failure: connect failed"}, over...)...)
			})
		})
	}
}

func TestTheProxyPasswordIsAskedForAgain(t *testing.T) {
	for _, kind := range []string{"http", "socks5"} {
		bubbletest.Run(t, func(t *testing.T) {
			denied := &proxy.Error{Reason: proxy.Denied, Err: fmt.Errorf("no")}
			s := []string{"proxy-type=" + kind, "proxy-server=proxy.test:3128", "proxy-user=joe", "!proxy-password=typo"}
			st := newStage(false)
			st.answers = []error{denied, errWrongPassword, denied}
			st.connect(t, true, settings(s...))
			st.expect(t, "state starting", "ask [proxy-password]")
			st.NewSecrets(settings(append(s, "!proxy-password=right")...))
			st.expect(t, "ask [password]") // another secret, with rounds of its own
			st.NewSecrets(settings(append(s, "!proxy-password=right", "!password=right")...))
			st.expect(t, "ask [proxy-password]")
			st.NewSecrets(settings(append(s, "!proxy-password=right", "!password=right")...))
			st.expect(t, "config se0 via 192.0.2.1", "state started")
			if p := st.dialled[3].Proxy; p == nil || p.Host() != "proxy.test" || p.Port() != 3128 {
				t.Errorf("dialled through %v", p)
			}
			// An account at the proxy can be locked, too.
			st.answers = []error{denied}
			st.session.die(protocol.ErrLost)
			time.Sleep(10 * time.Second)
			st.expect(t, append([]string{"failure: login failed"}, over...)...)
		})
	}
	if !final(&proxy.Error{Reason: proxy.Denied}) || final(&proxy.Error{Reason: proxy.Unreachable}) {
		t.Error("a new login must follow a proxy that is away, and none a wrong password")
	}
}

func TestAProxyThatCannotBeSentTheNameIsRefused(t *testing.T) {
	p, _, err := profile.Parse(source(settings("proxy-type=socks5", "proxy-server=proxy.test:1080")))
	if err != nil {
		t.Fatal(err)
	}
	p.Proxy.Password = profile.Secret(strings.Repeat("x", 256))
	if _, err := throughProxy(p, newServerPath(slog.New(slog.DiscardHandler), nil)); err == nil || !strings.Contains(err.Error(), "256 bytes") {
		t.Errorf("error %v", err)
	}
}
