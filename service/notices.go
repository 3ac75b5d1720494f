// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"net"
	"syscall"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/proxy"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/notice"
	"network-manager-softether/service/usercert"
	"network-manager-softether/tapbridge"
)

// tell notifies the people at the computer about what happens to the connection.
func (c *connection) tell(event notice.Event) {
	if c.profile != nil {
		c.nm.Notice(notice.Notice{UUID: c.profile.UUID, Event: event})
	}
}

// tellFailure notifies them why the connection fails, or ends. A user who refused the certificate is not told
// again.
func (c *connection) tellFailure(err error) {
	if c.profile == nil || errors.Is(err, errNotTrusted) {
		return
	}
	n := notice.Notice{UUID: c.profile.UUID, Event: notice.Failed}
	if c.phase == up || c.phase == reconnecting {
		n.Event = notice.Ended
	}
	n.Reason, n.Number = reasonOf(err, c.profile)
	c.nm.Notice(n)
}

// tellUnusable notifies them that a profile cannot be used as it is.
func (c *connection) tellUnusable(s nmvpn.Settings) {
	c.nm.Notice(notice.Notice{UUID: source(s).UUID, Event: notice.Failed, Reason: notice.Settings})
}

// unasked is how soon NetworkManager gives up if there is nobody to be asked. A person who cancels takes
// longer, as they have to read first.
const unasked = time.Second

// A question is what NetworkManager was told to ask.
type question struct {
	at  time.Time
	err error // why
}

// errSecretsMissing is why NetworkManager should get secrets before a connection.
var errSecretsMissing = errors.New("secrets are missing")

// tellUnasked notifies them that a connection failed because nobody was there to be asked.
func (c *connection) tellUnasked() {
	q := c.login.asking
	if q.err == nil || time.Since(q.at) > unasked {
		return
	}
	if c.login.lacking != nil {
		c.nm.Notice(notice.Notice{UUID: c.login.lacking.UUID, Event: notice.Failed, Reason: notice.SecretsMissing})
		return
	}
	c.tellFailure(q.err)
}

// reasonOf returns the reason that stands for an error of a connection with this profile.
func reasonOf(err error, p *profile.Profile) (reason notice.Reason, number uint32) {
	if server, ok := errors.AsType[*protocol.ServerError](err); ok {
		return notice.ServerRefused, uint32(server.Code)
	}
	if cert, ok := errors.AsType[*protocol.CertificateError](err); ok {
		switch cert.Reason {
		case protocol.CertPinChanged:
			return notice.ServerCertificateChanged, 0
		case protocol.CertMemberDiffer:
			return notice.MemberCertificate, 0
		}
		return notice.ServerCertificate, 0
	}
	if hop, ok := errors.AsType[*proxy.Error](err); ok {
		return proxyReason(hop, p), 0
	}
	if mine, ok := errors.AsType[*protocol.UserCertError](err); ok {
		return certReason(mine), 0
	}
	if errors.Is(err, usercert.ErrPasswordNeeded) || errors.Is(err, usercert.ErrWrongPassword) {
		return notice.KeyPassword, 0
	}
	if errors.Is(err, usercert.ErrRSAPSS) {
		return notice.UserCertificateKey, 0
	}
	if file, ok := errors.AsType[*fileError](err); ok {
		return fileReason(file)
	}
	return plainReason(err), 0
}

// plainReason is reasonOf for errors without further details.
func plainReason(err error) notice.Reason {
	dns, looked := errors.AsType[*net.DNSError](err)
	_, absurd := errors.AsType[*dhcp.LeaseError](err)
	switch {
	case absurd:
		return notice.AddressUnusable
	case looked && dns.IsNotFound:
		return notice.NoSuchHost
	case looked:
		return notice.DNSFailed
	}
	for _, known := range []struct {
		err    error
		reason notice.Reason
	}{
		{errNoBase, notice.NoNetwork},
		{errNoIPv6, notice.NoIPv6},
		{dhcp.ErrNoAnswer, notice.NoAddress},
		{dhcp.ErrNAK, notice.AddressLost},
		{dhcp.ErrExpired, notice.AddressLost},
		{tapbridge.ErrNoTUN, notice.NoTUN},
		{tapbridge.ErrNameTaken, notice.NameTaken},
		{errTAPGone, notice.DeviceGone},
		{protocol.ErrConfig, notice.Settings},
		{protocol.ErrNotSoftEther, notice.NotSoftEther},
		{protocol.ErrNoEncryption, notice.NoEncryption},
		{protocol.ErrRedirectLoop, notice.RedirectLoop},
		{protocol.ErrTLS, notice.TLSFailed},
		{syscall.ECONNREFUSED, notice.PortClosed},
		{protocol.ErrTimeout, notice.TimedOut},
		{protocol.ErrUnreachable, notice.Unreachable},
		{protocol.ErrMalformed, notice.Malformed},
		{protocol.ErrLost, notice.SessionLost},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return notice.Other
}

func proxyReason(hop *proxy.Error, p *profile.Profile) notice.Reason {
	switch {
	case hop.Reason == proxy.Unreachable:
		return notice.ProxyUnreachable
	case hop.Reason == proxy.Denied && p.Proxy.User == "":
		return notice.ProxyUserMissing
	case hop.Reason == proxy.Denied:
		return notice.ProxyDenied
	}
	return notice.ProxyFailed
}

func certReason(mine *protocol.UserCertError) notice.Reason {
	switch mine.Reason {
	case protocol.UserCertKeyType, protocol.UserCertKeySize:
		return notice.UserCertificateKey
	case protocol.UserCertMismatch:
		return notice.UserCertificateOther
	case protocol.UserCertExpired:
		return notice.UserCertificateExpired
	case protocol.UserCertNotYetValid:
		return notice.UserCertificateEarly
	}
	return notice.UserCertificate
}

func fileReason(file *fileError) (notice.Reason, uint32) {
	which := map[string]uint32{profile.KeyCert: notice.FileCert, profile.KeyKey: notice.FileKey, profile.KeyCA: notice.FileCA}[file.key]
	switch {
	case errors.Is(file, fs.ErrNotExist):
		return notice.FileMissing, which
	case errors.Is(file, fs.ErrPermission):
		return notice.FileForbidden, which
	}
	return notice.FileUnusable, which
}
