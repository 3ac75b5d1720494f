// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os/user"
	"strings"
	"testing"

	"network-manager-softether/dhcp"
	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/usercert"
	"network-manager-softether/tapbridge"
)

// A person who reads one line has to find in it what to do.
func TestEveryFailureNamesAKindAndARemedy(t *testing.T) {
	file := func(err error) error { return &fileError{key: profile.KeyCA, err: err} }
	cert, _ := certificate(protocol.CertSelfSigned)
	for _, tt := range []struct {
		err    error
		want   nmvpn.Failure
		remedy string
	}{
		{errWrongPassword, nmvpn.FailureLogin, "password"},
		{refused(protocol.CodeHubNotFound), nmvpn.FailureConnect, "hub"},
		{refused(protocol.CodeAccessDenied), nmvpn.FailureConnect, "expired"},
		{&protocol.UserCertError{Reason: protocol.UserCertExpired}, nmvpn.FailureConnect, ""},
		{&fileError{key: profile.KeyKey, err: usercert.ErrWrongPassword}, nmvpn.FailureLogin, "key-password"},
		{&fileError{key: profile.KeyCert, err: fs.ErrNotExist}, nmvpn.FailureConnect, "correct the path"},
		{cert, nmvpn.FailureConnect, "server-cert-sha256=" + cert.Fingerprint()},
		{errUnreachable, nmvpn.FailureConnect, "port"},
		{fmt.Errorf("hello: %w", protocol.ErrNotSoftEther), nmvpn.FailureConnect, "port"},
		{dhcp.ErrNoAnswer, nmvpn.FailureBadIPConfig, ""}, // the error itself says it
		{&dhcp.LeaseError{}, nmvpn.FailureBadIPConfig, ""},
		{tapbridge.ErrNoTUN, nmvpn.FailureBadIPConfig, "modprobe tun"},
		{tapbridge.ErrNameTaken, nmvpn.FailureBadIPConfig, "interface-name"},
		{file(fs.ErrNotExist), nmvpn.FailureConnect, "correct the path"},
		{file(fs.ErrPermission), nmvpn.FailureConnect, "let joe read the file"},
		{file(user.UnknownUserError("joe")), nmvpn.FailureConnect, "/etc/passwd"},
		{file(errors.New("no PEM")), nmvpn.FailureConnect, "-----BEGIN"},
	} {
		c := newConnection(slog.New(slog.DiscardHandler), new(subject), system{}, false)
		c.profile = &profile.Profile{ID: "Work", Users: []string{"joe"}, AuthType: profile.AuthPassword}
		if got := failureOf(tt.err, c.profile); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
		if got := c.remedy(tt.err); !strings.Contains(got, tt.remedy) {
			t.Errorf("%v: remedy %q, want one with %q", tt.err, got, tt.remedy)
		}
	}
}

// People who know the server by L2TP type user@hub as the user.
func TestNamesAsInL2TPAreExplained(t *testing.T) {
	for _, tt := range []struct {
		user string
		err  error
		want bool
	}{
		{"alice@TEST", refused(protocol.CodeAuthFailed), true},
		{"alice@TEST", refused(protocol.CodeHubNotFound), true},
		{"alice@TEST", errUnreachable, false},
		{"alice", refused(protocol.CodeAuthFailed), false},
	} {
		c := newConnection(slog.New(slog.DiscardHandler), new(subject), system{}, false)
		c.profile = &profile.Profile{ID: "Work", User: tt.user, AuthType: profile.AuthPassword}
		const line = `nmcli connection modify "Work" +vpn.data user=alice +vpn.data hub=TEST`
		if got := c.remedy(tt.err); strings.Contains(got, line) != tt.want || got == "" {
			t.Errorf("%s, %v: %s", tt.user, tt.err, got)
		}
	}
	c := newConnection(slog.New(slog.DiscardHandler), new(subject), system{}, false)
	c.profile = &profile.Profile{ID: "$(reboot)", UUID: "6f4e1c2a", User: "a;reboot@$(reboot)", AuthType: profile.AuthPassword}
	const harmless = `nmcli connection modify "6f4e1c2a" +vpn.data user='a;reboot' +vpn.data hub='$(reboot)'`
	if got := c.remedy(refused(protocol.CodeAuthFailed)); !strings.HasSuffix(got, harmless) {
		t.Errorf("a file that was given to the person brings a command of its own: %s", got)
	}
}

// Where nobody can be asked NetworkManager ends the activation, and the line about the
// question is all there is.
func TestTheQuestionForAPasswordIsLoggedWithARemedy(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		var log bytes.Buffer
		st.log = slog.New(slog.NewTextHandler(&log, nil))
		st.answers = []error{errWrongPassword}
		st.connect(t, true, settings())
		st.expect(t, "state starting", "ask [password]")
		st.Disconnect()
		if text := protocol.Hint(errWrongPassword); text == "" || !strings.Contains(log.String(), text) {
			t.Errorf("no remedy %q in the log:\n%s", text, &log)
		}
		if strings.Contains(log.String(), "pw") {
			t.Errorf("the password is in the log:\n%s", &log)
		}
	})
}
