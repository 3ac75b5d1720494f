// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"

	"network-manager-softether/profile"
	"network-manager-softether/service/notice"
)

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

// People who know the server by L2TP type user@hub as the user.
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
