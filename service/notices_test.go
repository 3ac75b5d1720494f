// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/dhcp"
	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/proxy"
	"network-manager-softether/service/notice"
	"network-manager-softether/service/usercert"
	"network-manager-softether/tapbridge"
)

func TestEveryErrorHasAReason(t *testing.T) {
	cert := func(r protocol.CertReason) error { return &protocol.CertificateError{Reason: r} }
	mine := func(r protocol.UserCertReason) error { return &protocol.UserCertError{Reason: r} }
	hop := func(r proxy.Reason) error { return &proxy.Error{Reason: r, Err: fmt.Errorf("no")} }
	step := func(err error) error { return &protocol.Error{Op: "connect", Err: err} }
	for _, tt := range []struct {
		err    error
		want   notice.Reason
		number uint32
	}{
		{refused(protocol.CodeHubNotFound), notice.ServerRefused, 8},
		{step(fmt.Errorf("%w: %w", protocol.ErrUnreachable, syscall.ECONNREFUSED)), notice.PortClosed, 0},
		{errUnreachable, notice.Unreachable, 0},
		{step(&net.DNSError{IsNotFound: true}), notice.NoSuchHost, 0},
		{step(&net.DNSError{}), notice.DNSFailed, 0},
		{step(protocol.ErrTimeout), notice.TimedOut, 0},
		{step(protocol.ErrNotSoftEther), notice.NotSoftEther, 0},
		{step(protocol.ErrMalformed), notice.Malformed, 0},
		{step(protocol.ErrTLS), notice.TLSFailed, 0},
		{protocol.ErrNoEncryption, notice.NoEncryption, 0},
		{protocol.ErrRedirectLoop, notice.RedirectLoop, 0},
		{protocol.ErrLost, notice.SessionLost, 0},
		{protocol.ErrConfig, notice.Settings, 0},
		{cert(protocol.CertSelfSigned), notice.ServerCertificate, 0},
		{cert(protocol.CertPinChanged), notice.ServerCertificateChanged, 0},
		{cert(protocol.CertMemberDiffer), notice.MemberCertificate, 0},
		{mine(protocol.UserCertExpired), notice.UserCertificateExpired, 0},
		{mine(protocol.UserCertNotYetValid), notice.UserCertificateEarly, 0},
		{mine(protocol.UserCertMismatch), notice.UserCertificateOther, 0},
		{mine(protocol.UserCertKeySize), notice.UserCertificateKey, 0},
		{mine(99), notice.UserCertificate, 0},
		{hop(proxy.Unreachable), notice.ProxyUnreachable, 0},
		{hop(proxy.Denied), notice.ProxyUserMissing, 0},
		{hop(proxy.Failed), notice.ProxyFailed, 0},
		{&fileError{profile.KeyKey, usercert.ErrPasswordNeeded}, notice.KeyPassword, 0},
		{&fileError{profile.KeyKey, usercert.ErrRSAPSS}, notice.UserCertificateKey, 0},
		{&fileError{profile.KeyKey, fs.ErrNotExist}, notice.FileMissing, notice.FileKey},
		{&fileError{profile.KeyCA, fs.ErrPermission}, notice.FileForbidden, notice.FileCA},
		{&fileError{profile.KeyCert, fmt.Errorf("no PEM")}, notice.FileUnusable, notice.FileCert},
		{fmt.Errorf("get an address: %w", dhcp.ErrNoAnswer), notice.NoAddress, 0},
		{&dhcp.LeaseError{}, notice.AddressUnusable, 0},
		{dhcp.ErrExpired, notice.AddressLost, 0},
		{noIPv6(protocol.ErrTimeout), notice.NoIPv6, 0},
		{step(&net.OpError{Op: "dial", Err: errNoBase}), notice.NoNetwork, 0},
		{tapbridge.ErrNoTUN, notice.NoTUN, 0},
		{tapbridge.ErrNameTaken, notice.NameTaken, 0},
		{errTAPGone, notice.DeviceGone, 0},
		{fmt.Errorf("anything"), notice.Other, 0},
	} {
		if got, number := reasonOf(tt.err, &profile.Profile{}); got != tt.want || number != tt.number {
			t.Errorf("%v: %s %d, want %s %d", tt.err, got, number, tt.want, tt.number)
		}
	}
	if got, _ := reasonOf(hop(proxy.Denied), &profile.Profile{Proxy: profile.Proxy{User: "joe"}}); got != notice.ProxyDenied {
		t.Errorf("a proxy's user: %s", got)
	}
}

// brief are notices without the UUID, which all have to be the profile's.
func (h *heard) brief(t *testing.T) (list []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.told {
		if n.UUID != "6f4e1c2a-0000-4000-8000-000000000001" {
			t.Errorf("a notice about profile %q", n.UUID)
		}
		line := string(n.Event)
		if n.Reason != "" {
			line += fmt.Sprintf(" %s %d", n.Reason, n.Number)
		}
		list = append(list, line)
	}
	return list
}

func TestPeopleAreToldWhatHappens(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers []error
		then    func(*stage)
		want    []string
	}{
		{"it connects and goes down", nil, func(st *stage) { st.Disconnect() }, []string{"connected", "stopped"}},
		{"it fails before", []error{refused(protocol.CodeHubNotFound)}, func(*stage) {}, []string{"failed server-refused 8", "stopped"}},
		{"it ends later", nil, func(st *stage) { st.session.die(refused(protocol.CodeAutoDisconnected)) }, []string{"connected", "ended server-refused 126", "stopped"}},
		{
			"it is lost and comes back", nil, func(st *stage) { st.session.die(protocol.ErrLost); time.Sleep(5 * time.Second); st.Disconnect() },
			[]string{"connected", "lost", "connected", "stopped"},
		},
		{"it is lost and refused then", nil, func(st *stage) {
			st.answers = []error{refused(protocol.CodeAccessDenied)}
			st.session.die(protocol.ErrLost)
			time.Sleep(5 * time.Second)
		}, []string{"connected", "lost", "ended server-refused 12", "stopped"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				st.answers = tt.answers
				st.connect(t, true, settings())
				synctest.Wait()
				tt.then(st)
				synctest.Wait()
				if diff := cmp.Diff(tt.want, st.nm.brief(t)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// A person who has just said no, or cancelled, knows.
func TestAPersonIsNotToldWhatTheyDid(t *testing.T) {
	cert, fingerprint := certificate(protocol.CertSelfSigned)
	for name, does := range map[string]func(*stage){
		"says no": func(st *stage) {
			st.NewSecrets(settings("!trust-sha256-" + fingerprint + "=no"))
			time.Sleep(time.Second)
		},
		"cancels": func(st *stage) { time.Sleep(2 * time.Second); st.Disconnect() },
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				st.answers = []error{cert}
				st.connect(t, true, settings())
				synctest.Wait()
				does(st)
				synctest.Wait()
				if diff := cmp.Diff([]string{"stopped"}, st.nm.brief(t)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// On a desktop without an agent, such as KDE, NetworkManager gives up at once.
func TestThatNobodyCouldBeAskedIsTold(t *testing.T) {
	cert, _ := certificate(protocol.CertSelfSigned)
	bare := settings()
	bare["vpn"]["secrets"] = dbus.MakeVariant(map[string]string{})
	for name, tt := range map[string]struct {
		answer error
		does   func(*stage)
		want   []string
	}{
		"about a certificate":         {cert, func(*stage) {}, []string{"failed server-certificate 0", "stopped"}},
		"for another password":        {errWrongPassword, func(*stage) {}, []string{"failed server-refused 9", "stopped"}},
		"for one that is not stored":  {nil, func(st *stage) { st.NeedSecrets(bare) }, []string{"failed secrets-missing 0"}},
		"for nothing":                 {nil, func(st *stage) { st.NeedSecrets(settings()) }, nil},
		"and the person cancels that": {nil, func(st *stage) { st.NeedSecrets(bare); time.Sleep(2 * time.Second) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				if tt.answer != nil {
					st.answers = []error{tt.answer}
					st.connect(t, true, settings())
				}
				synctest.Wait()
				tt.does(st)
				st.Disconnect()
				synctest.Wait()
				if diff := cmp.Diff(tt.want, st.nm.brief(t)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

func TestAProfileWithoutAUserIsTold(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings("user="))
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"failed settings 0"}, st.nm.brief(t)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestAProfileThatIsNotUsableIsTold(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		if err := st.Connect(":1.1", settings("port=x"), true); err == nil {
			t.Error("it was taken")
		}
		if diff := cmp.Diff([]string{"failed settings 0"}, st.nm.brief(t)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		st.Disconnect()
	})
}
