// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"strings"

	"network-manager-softether/dhcp"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/proxy"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/usercert"
	"network-manager-softether/tapbridge"
)

// failureOf maps an error to the one of NetworkManager's three failures that the user is shown. Nothing else
// does.
func failureOf(err error, p *profile.Profile) nmvpn.Failure {
	if secretRefused(err, p) {
		return nmvpn.FailureLogin
	}
	var absurd *dhcp.LeaseError
	switch {
	case errors.As(err, &absurd), errors.Is(err, dhcp.ErrNoAnswer), errors.Is(err, dhcp.ErrNAK), errors.Is(err, dhcp.ErrConflict), errors.Is(err, dhcp.ErrInUse), errors.Is(err, dhcp.ErrExpired), errors.Is(err, errNoIPv6):
		return nmvpn.FailureBadIPConfig
	case errors.Is(err, tapbridge.ErrNoTUN), errors.Is(err, tapbridge.ErrNameTaken):
		return nmvpn.FailureBadIPConfig
	}
	if _, ok := errors.AsType[*fileError](err); ok {
		return nmvpn.FailureConnect
	}
	if kind, _ := protocol.Classify(err); kind == protocol.KindLocal {
		return nmvpn.FailureBadIPConfig
	}
	return nmvpn.FailureConnect
}

// secretRefused reports whether another secret may be what is needed. Only then is a person told "invalid
// secrets": another password helps neither against an expired account nor against a missing file.
func secretRefused(err error, p *profile.Profile) bool {
	_, ok := questionFor(err, p)
	return ok
}

// logFailure logs the one line that explains a failure: what failed, why, what to do. It also notifies the
// user.
func (c *connection) logFailure(kind nmvpn.Failure, err error) {
	attrs := []any{"reason", kind.String()}
	if p := c.profile; p != nil {
		attrs = append(attrs, "profile", p.ID, "server", p.Gateway.String(), "hub", p.Hub, "user", p.User)
	}
	attrs = append(attrs, "error", err)
	if r := c.remedy(err); r != "" {
		attrs = append(attrs, "remedy", r)
	}
	c.log.Error("VPN connection failed", attrs...)
	c.tellFailure(err)
}

// remedy returns what to do about err, with the names of this profile in it.
func (c *connection) remedy(err error) string {
	if cert, ok := errors.AsType[*protocol.CertificateError](err); ok && askable(cert) && c.profile != nil {
		return fmt.Sprintf("if the fingerprint is the one your administrator names, trust it with: nmcli connection modify %s +vpn.data server-cert-sha256=%s",
			c.profile.ShellName(), cert.Fingerprint())
	}
	server, refused := errors.AsType[*protocol.ServerError](err)
	hop, proxied := errors.AsType[*proxy.Error](err)
	file, isFile := errors.AsType[*fileError](err)
	switch {
	case refused && server.Code == protocol.CodeAuthFailed && c.profile != nil && c.profile.AuthType == profile.AuthCertificate:
		return "ask the administrator whether this user logs in with a certificate and whether the hub knows this one, or the authority that signed it"
	case refused && (server.Code == protocol.CodeAuthFailed || server.Code == protocol.CodeHubNotFound) && c.profile != nil && strings.Contains(c.profile.User, "@"):
		user, hub, _ := strings.Cut(c.profile.User, "@")
		return fmt.Sprintf("user name and password have to be right. user@hub is how L2TP names the hub; here it has a key of its own: nmcli connection modify %s +vpn.data user=%s +vpn.data hub=%s",
			c.profile.ShellName(), profile.ShellWord(user), profile.ShellWord(hub))
	case proxied && hop.Reason == proxy.Denied && c.profile != nil && c.profile.Proxy.User == "":
		return "set proxy-user"
	case errors.Is(err, usercert.ErrPasswordNeeded), errors.Is(err, usercert.ErrWrongPassword):
		return "nmcli --ask, or store it: vpn.secrets key-password=..."
	case isFile:
		return fileRemedy(file, c.profile)
	case errors.Is(err, dhcp.ErrInUse) && c.profile != nil:
		return fmt.Sprintf("choose a free address: nmcli connection modify %s ipv4.addresses ...; or ask the hub's administrator who has this one", c.profile.ShellName())
	case errors.Is(err, tapbridge.ErrNoTUN):
		return "load the kernel module: modprobe tun"
	case errors.Is(err, tapbridge.ErrNameTaken):
		return "choose another connection.interface-name, or none"
	}
	return protocol.Hint(err)
}

// fileRemedy returns what to do about a file that could not be used.
func fileRemedy(err *fileError, p *profile.Profile) string {
	const inline = "put the PEM text itself into the profile"
	switch {
	case errors.As(err, new(user.UnknownUserError)):
		return "the profile is for a user that this computer has no entry for in /etc/passwd: " + inline
	case errors.Is(err, fs.ErrPermission) && p != nil && len(p.Users) > 0:
		return fmt.Sprintf("let %s read the file, or %s", p.Users[0], inline)
	case errors.Is(err, fs.ErrNotExist):
		return "correct the path, or " + inline
	case err.key == profile.KeyCA:
		return "name a file with PEM text (-----BEGIN CERTIFICATE-----), or " + inline
	}
	return "" // package usercert says it itself
}
