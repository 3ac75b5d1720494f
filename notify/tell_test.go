// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/profile"
	"network-manager-softether/service/notice"
)

// screen writes down what is on it.
type screen struct {
	lines []string
	next  uint32
	err   error
}

func (s *screen) Show(n notification, replaces uint32) (uint32, error) {
	if s.err != nil {
		return 0, s.err
	}
	line := n.title + ": " + n.body
	if replaces != 0 {
		line = "instead " + line
	} else {
		s.next++
		replaces = s.next
	}
	s.lines = append(s.lines, line)
	return replaces, nil
}

func (s *screen) Close(uint32) { s.lines = append(s.lines, "closed") }

func (s *screen) take() []string {
	lines := s.lines
	s.lines = nil
	return lines
}

// mine is a person who may see one profile.
type mine struct{ v *view }

func (m mine) Of(uuid string) (*view, error) {
	if uuid != "mine" {
		return nil, errors.New("insufficient permissions")
	}
	return m.v, nil
}

func office() *view {
	return &view{name: "Work", id: "Work", uuid: "u", data: map[string]string{"gateway": "vpn.example", "hub": "OFFICE", "user": "joe"}}
}

// stage is a teller whose loop runs.
func stage(t *testing.T) (say func(event notice.Event, more ...notice.Reason), s *screen, tl *teller) {
	t.Helper()
	s = &screen{}
	tl = newTeller(s, mine{office()})
	go func() {
		for {
			select {
			case f := <-tl.later:
				f()
			case <-tl.ended:
				return
			}
		}
	}()
	say = func(event notice.Event, more ...notice.Reason) {
		n := notice.Notice{UUID: "mine", Event: event}
		if len(more) > 0 {
			n.Reason = more[0]
		}
		done := make(chan struct{})
		tl.post(func() { tl.tell(":1.7", n); close(done) })
		<-done
	}
	return say, s, tl
}

// end ends the loop.
func end(tl *teller) {
	done := make(chan struct{})
	tl.post(func() { tl.stop(); close(done) })
	<-done
}

func TestWhatAPersonIsShown(t *testing.T) {
	const failed = "VPN “Work” could not connect: There is no host named vpn.example. Check the name of the server for typing errors."
	const lost = "VPN “Work”: connection lost: Nothing goes through the VPN at the moment. It is being connected again."
	for _, tt := range []struct {
		name  string
		steps []any // an event, or how long nothing happens
		want  []string
	}{
		{"all is well", []any{notice.Connected, notice.Stopped}, nil},
		{"it fails", []any{notice.Failed, notice.Stopped}, []string{failed}},
		{"it fails twice", []any{notice.Failed, notice.Stopped, notice.Failed, notice.Stopped}, []string{failed, "instead " + failed}},
		{"it fails, and then connects", []any{notice.Failed, notice.Stopped, notice.Connected}, []string{failed, "closed"}},
		{"it ends", []any{notice.Connected, notice.Ended, notice.Stopped}, []string{strings.Replace(failed, "could not connect", "was disconnected", 1)}},
		{"a session is lost for a moment", []any{notice.Connected, notice.Lost, 9 * time.Second, notice.Connected, time.Minute}, nil},
		{
			"a session is lost for a while",
			[]any{notice.Connected, notice.Lost, 3 * time.Second, notice.Lost, 27 * time.Second, notice.Connected},
			[]string{lost, "instead VPN “Work”: connected again: The connection was lost for 30 seconds."},
		},
		{"a session is lost again and again", []any{notice.Lost, 9 * time.Second, notice.Connected, notice.Lost, 9 * time.Second, notice.Connected}, nil},
		{
			"a session is lost for good",
			[]any{notice.Lost, 20 * time.Second, notice.Ended, notice.Stopped},
			[]string{lost, "instead " + strings.Replace(failed, "could not connect", "was disconnected", 1)},
		},
		{"a session is lost and the person does not wait", []any{notice.Lost, 20 * time.Second, notice.Stopped, time.Minute}, []string{lost, "closed"}},
		{"the person does not wait as long", []any{notice.Lost, 5 * time.Second, notice.Stopped, time.Minute}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				say, s, tl := stage(t)
				for _, step := range tt.steps {
					switch step := step.(type) {
					case notice.Event:
						say(step, notice.NoSuchHost)
					case time.Duration:
						time.Sleep(step)
						synctest.Wait()
					}
				}
				end(tl)
				if diff := cmp.Diff(tt.want, s.take()); diff != "" {
					t.Errorf("shown (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// A service that is killed says nothing any more.
func TestNothingIsLeftOfAServiceThatIsGone(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		say, s, tl := stage(t)
		say(notice.Lost)
		time.Sleep(patience + time.Second)
		synctest.Wait()
		tl.post(func() { tl.gone(":1.8"); tl.gone(":1.7") })
		end(tl)
		if got := s.take(); len(got) != 2 || got[1] != "closed" || len(tl.told) > 0 {
			t.Errorf("shown %q, remembered %v", got, tl.told)
		}
	})
}

func TestOtherPeoplesProfilesAreNotShown(t *testing.T) {
	s := &screen{}
	tl := newTeller(s, mine{office()})
	tl.tell(":1.7", notice.Notice{UUID: "another's", Event: notice.Failed, Reason: notice.NoSuchHost})
	if got := s.take(); len(got) > 0 {
		t.Errorf("shown %q", got)
	}
}

// Where nobody shows notifications, the next is tried all the same.
func TestADesktopWithoutNotifications(t *testing.T) {
	s := &screen{err: errors.New("the name is not activatable")}
	tl := newTeller(s, mine{office()})
	tl.tell(":1.7", notice.Notice{UUID: "mine", Event: notice.Failed, Reason: notice.NoSuchHost})
	s.err = nil
	tl.tell(":1.7", notice.Notice{UUID: "mine", Event: notice.Failed, Reason: notice.NoSuchHost})
	if got := s.take(); len(got) != 1 || strings.HasPrefix(got[0], "instead") {
		t.Errorf("shown %q", got)
	}
}

// Every reason, every code: a sentence with the names of the profile, that ends, and is not the one for the unknown.
func TestEveryReasonHasASentence(t *testing.T) {
	v := office()
	v.device = "se0"
	v.data["cert"], v.data["proxy-server"], v.data["key"] = "/home/joe/joe.crt", "proxy.example:3128", "-----BEGIN PRIVATE KEY-----\nMIIE"
	v.wrong = errors.New(`port: "x" is not a number`)
	for _, tt := range []struct {
		reason notice.Reason
		number uint32
		want   string
	}{
		{notice.ServerRefused, 8, "“OFFICE” on vpn.example"},
		{notice.ServerRefused, 9, "vpn.example did not accept user “joe”"},
		{notice.ServerRefused, 10, "offline"},
		{notice.ServerRefused, 12, "expired"},
		{notice.ServerRefused, 20, "maximum number of sessions"},
		{notice.ServerRefused, 107, "monitoring"},
		{notice.ServerRefused, 108, "bridge"},
		{notice.ServerRefused, 77, "RSA"},
		{notice.ServerRefused, 60, "server management"},
		{notice.ServerRefused, 9999, "does not know"},
		{notice.Unreachable, 0, "could not be reached"},
		{notice.PortClosed, 0, "Nothing listens on that port of vpn.example"},
		{notice.NoSuchHost, 0, "no host named vpn.example"},
		{notice.DNSFailed, 0, "DNS"},
		{notice.TimedOut, 0, "did not answer in time"},
		{notice.NotSoftEther, 0, "no SoftEther VPN server"},
		{notice.Malformed, 0, "report"},
		{notice.TLSFailed, 0, "encrypted connection"},
		{notice.NoEncryption, 0, "allow encryption"},
		{notice.RedirectLoop, 0, "redirect the connection"},
		{notice.SessionLost, 0, "closed the connection"},
		{notice.ServerCertificate, 0, "fingerprint"},
		{notice.ServerCertificateChanged, 0, "another certificate"},
		{notice.MemberCertificate, 0, "cluster"},
		{notice.UserCertificate, 0, "cannot be read"},
		{notice.UserCertificateKey, 0, "RSA"},
		{notice.UserCertificateOther, 0, "do not belong together"},
		{notice.UserCertificateExpired, 0, "has expired"},
		{notice.UserCertificateEarly, 0, "not valid yet"},
		{notice.SecretsMissing, 0, `nmcli --ask connection up "Work"`},
		{notice.KeyPassword, 0, "private key"},
		{notice.FileMissing, notice.FileCert, "no file /home/joe/joe.crt"},
		{notice.FileForbidden, notice.FileCert, "not allowed to read the file /home/joe/joe.crt"},
		{notice.FileUnusable, notice.FileKey, "Your private key cannot be used"},
		{notice.FileUnusable, 99, "/home/joe/joe.crt cannot be used"},
		{notice.ProxyUnreachable, 0, "proxy could not be reached"},
		{notice.ProxyFailed, 0, "proxy refused"},
		{notice.ProxyDenied, 0, "proxy's user name"},
		{notice.ProxyUserMissing, 0, "proxy proxy.example:3128 requires a user name"},
		{notice.NoAddress, 0, "SecureNAT"},
		{notice.AddressUnusable, 0, "DHCP server"},
		{notice.AddressLost, 0, "withdrew this computer's address"},
		{notice.NoIPv6, 0, "IPv6"},
		{notice.NoNetwork, 0, "not connected to any network"},
		{notice.NoTUN, 0, "modprobe tun"},
		{notice.NameTaken, 0, "network device se0"},
		{notice.DeviceGone, 0, "deleted"},
		{notice.Settings, 0, "port:"},
		{notice.Other, 0, "journalctl -b -t nm-softether-service"},
		{"of a newer service", 0, "journalctl"},
	} {
		got := why(notice.Notice{Reason: tt.reason, Number: tt.number}, v)
		if !strings.Contains(got, tt.want) || strings.Contains(got, "%!") || strings.Contains(got, "-----BEGIN") {
			t.Errorf("%s %d: %q, want one with %q", tt.reason, tt.number, got, tt.want)
		}
	}
	v.id = "$(reboot)"
	if got := why(notice.Notice{Reason: notice.SecretsMissing}, v); !strings.HasSuffix(got, `nmcli --ask connection up "u"`) {
		t.Errorf("a name with a command in it: %q", got)
	}
}

// What keeps a user out depends on how this profile logs in.
func TestARefusedUserIsToldByTheKindOfLogin(t *testing.T) {
	for auth, want := range map[profile.AuthType]string{
		"": "RADIUS", profile.AuthPassword: "RADIUS", profile.AuthPlainPassword: "with this password. Check both.",
		profile.AuthCertificate: "did not accept the certificate of user “joe”", profile.AuthAnonymous: "does not allow anonymous users",
	} {
		v := office()
		v.data["auth-type"] = string(auth)
		if got := why(notice.Notice{Reason: notice.ServerRefused, Number: 9}, v); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want one with %q", auth, got, want)
		}
	}
}

func TestNamesAreOneShortLine(t *testing.T) {
	v := newView(settingsOf("a\nb\x00\u202e"+strings.Repeat("c", 500), "vpn.\nexample"))
	got := words(notice.Notice{Event: notice.Failed, Reason: notice.PortClosed}, v)
	if len(got.title) > 300 || strings.ContainsAny(got.title+got.body, "\n\x00\u202e") {
		t.Errorf("%q, %q", got.title, got.body)
	}
}

// Who knows the server by L2TP types user@hub for the user.
func TestNamesAsInL2TPAreExplained(t *testing.T) {
	for _, tt := range []struct {
		user string
		code uint32
		want bool
	}{
		{"alice@TEST", codeAuthFailed, true}, {"alice@TEST", codeHubNotFound, true}, {"alice@TEST", codeConnections, false}, {"alice", codeAuthFailed, false},
	} {
		v := &view{name: "Work", id: "Work", uuid: "u", data: map[string]string{"gateway": "vpn.example", "user": tt.user}}
		got := why(notice.Notice{Reason: notice.ServerRefused, Number: tt.code}, v)
		if strings.Contains(got, "enter “alice” as the user name and “TEST” as the virtual hub") != tt.want {
			t.Errorf("%s, %d: %s", tt.user, tt.code, got)
		}
	}
}
