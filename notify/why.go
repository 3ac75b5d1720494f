// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/protocol/errortext"
	"network-manager-softether/service/notice"
)

// Codes of servers (softether-protocol.md 14) whose sentences contain names, or stand for what has no code.
const (
	codeUnreachable   = 1
	codeNotSoftEther  = 2
	codeDisconnected  = 3
	codeProtocol      = 4
	codeHubNotFound   = 8
	codeAuthFailed    = 9
	codeConnections   = 15
	codeNoProxy       = 17
	codeProxyFailed   = 18
	codeProxyDenied   = 19
	codeCertificate   = 77
	codeMonitorDenied = 107
	codeBridgeDenied  = 108
	codeTLS           = 152
)

// coded are the reasons that share the sentence of a code.
var coded = map[notice.Reason]uint32{
	notice.Unreachable:        codeUnreachable,
	notice.NotSoftEther:       codeNotSoftEther,
	notice.SessionLost:        codeDisconnected,
	notice.Malformed:          codeProtocol,
	notice.ProxyUnreachable:   codeNoProxy,
	notice.ProxyFailed:        codeProxyFailed,
	notice.ProxyDenied:        codeProxyDenied,
	notice.UserCertificateKey: codeCertificate,
	notice.TLSFailed:          codeTLS,
}

// plain are the sentences without names.
//
//po:extract map
var plain = map[notice.Reason]string{
	notice.NoEncryption:           "The server would send everything through the VPN unencrypted. Ask its administrator to allow encryption.",
	notice.RedirectLoop:           "The servers of the cluster redirect the connection to each other without end. Tell the administrator.",
	notice.MemberCertificate:      "A server of the cluster presents an unexpected certificate. Somebody may be intercepting the connection: ask the administrator.",
	notice.UserCertificate:        "Your certificate cannot be read. Choose it again in the settings of the connection.",
	notice.UserCertificateOther:   "Your certificate and your private key do not belong together. Choose both again in the settings of the connection.",
	notice.UserCertificateExpired: "Your certificate has expired. Ask the administrator for a new one.",
	notice.UserCertificateEarly:   "Your certificate is not valid yet. Check the date of this computer.",
	notice.KeyPassword:            "The password of your private key is missing or wrong. Connect again to be asked for it.",
	notice.AddressUnusable:        "You are logged in, but the network assigned an address that cannot be used. Ask its administrator to check the DHCP server.",
	notice.AddressLost:            "The network withdrew this computer's address and assigned no other. Connect again; if it happens again, ask the administrator.",
	notice.NoIPv6:                 "You are logged in, but the network assigned no IPv6 address, which this connection requires. Ask the administrator, or make IPv6 optional in the settings of the connection.",
	notice.NoNetwork:              "This computer is not connected to any network. Connect it to one first.",
	notice.NoTUN:                  "This computer has no TUN/TAP driver. It is loaded with: modprobe tun",
	notice.DeviceGone:             "Another program deleted the network device of the VPN. Connect again.",
}

// why returns the reason of a failure and what to do, in a sentence or two.
func why(n notice.Notice, v *view) string {
	host := shown(v.data[profile.KeyGateway])
	if code, ok := coded[n.Reason]; ok {
		return po.T(errortext.Of(code))
	}
	if text, ok := plain[n.Reason]; ok {
		return po.T(text)
	}
	switch n.Reason {
	case notice.ServerRefused:
		return refusal(n.Number, host, v)
	case notice.PortClosed:
		return po.F("Nothing listens on that port of %s. Check the port (443, 992, 1194 and 5555 are usual) and whether the server runs.", host)
	case notice.NoSuchHost:
		return po.F("There is no host named %s. Check the name of the server for typing errors.", host)
	case notice.DNSFailed:
		return po.F("The name %s could not be resolved. Check this computer's network and DNS.", host)
	case notice.TimedOut:
		return po.F("%s did not answer in time. Check address and port; a firewall may be blocking the traffic.", host)
	case notice.ServerCertificate:
		return po.F("The identity of %s could not be verified, and nobody could be asked. This shows the fingerprint of its certificate, and asks: %s", host, askInTerminal(v))
	case notice.SecretsMissing:
		return po.F("A password is needed that is not stored, and nobody could be asked. Store it in the settings of the connection, or connect with: %s", askInTerminal(v))
	case notice.ServerCertificateChanged:
		return po.F("%s presents another certificate than the one you trust. Either it has a new one, or somebody is intercepting the connection: ask the administrator for the new fingerprint.", host)
	case notice.ProxyUserMissing:
		return po.F("The proxy %s requires a user name. Enter it in the settings of the connection.", v.value(profile.KeyProxyServer))
	case notice.NoAddress:
		return po.F("You are logged in, but no DHCP server answered in the virtual hub “%s”. Ask the administrator to turn on SecureNAT or a DHCP server, or set an address by hand.", v.value(profile.KeyHub))
	case notice.NameTaken:
		return po.F("A network device %s already exists. Choose another interface name for the VPN, or none.", v.device)
	case notice.FileMissing:
		return po.F("There is no file %s. Choose it again in the settings of the connection.", v.file(n.Number))
	case notice.FileForbidden:
		return po.F("You are not allowed to read the file %s. Choose it again in the settings of the connection, which then keep a copy.", v.file(n.Number))
	case notice.FileUnusable:
		return po.F("%s cannot be used. Choose it again in the settings of the connection.", v.file(n.Number))
	case notice.Settings:
		if v.wrong != nil {
			return po.F("A setting of the connection cannot be used: %v", v.wrong)
		}
		return po.T("A setting of the connection cannot be used.") + " " + po.T(seeJournal)
	}
	return po.T(seeJournal)
}

// askInTerminal returns the command that asks where a desktop does not.
func askInTerminal(v *view) string {
	return "nmcli --ask connection up " + profile.ShellName(v.id, v.uuid)
}

// seeJournal is for reasons that this version has no sentence for.
//
//po:extract values
const seeJournal = "The log says why: journalctl -b -t nm-softether-service"

// refusal returns what an error code of the server means for this profile.
func refusal(code uint32, host string, v *view) string {
	hub, user := v.value(profile.KeyHub), shown(v.data[profile.KeyUser])
	switch code {
	case codeHubNotFound, codeAuthFailed:
		if name, hub, ok := strings.Cut(user, "@"); ok {
			return po.F("%s did not accept user “%s”. If you were given this name for L2TP, enter “%s” as the user name and “%s” as the virtual hub in the settings of the connection.", host, user, name, hub)
		}
	}
	switch code {
	case codeHubNotFound:
		return po.F("There is no virtual hub “%s” on %s. Check the hub in the settings of the connection.", hub, host)
	case codeAuthFailed:
		switch profile.AuthType(v.value(profile.KeyAuthType)) {
		case profile.AuthCertificate:
			return po.F("%s did not accept the certificate of user “%s”. Ask the administrator whether this user logs in with a certificate, and whether the hub knows this one.", host, user)
		case profile.AuthAnonymous:
			return po.F("The virtual hub “%s” does not allow anonymous users. Enter a user name and a password in the settings of the connection.", hub)
		case profile.AuthPassword:
			return po.F("%s did not accept user “%s” with this password. Check both. RADIUS and NT domain accounts need that authentication method: choose it in the settings of the connection.", host, user)
		}
		return po.F("%s did not accept user “%s” with this password. Check both.", host, user)
	case codeConnections:
		return po.T("The session already has the highest number of TCP connections allowed. Set a lower number in the settings of the connection.")
	case codeMonitorDenied:
		return po.F("User “%s” is not allowed to use monitoring mode. Turn it off in the settings of the connection, or ask the administrator.", user)
	case codeBridgeDenied:
		return po.F("User “%s” is not allowed to bridge or route. Turn that off in the settings of the connection, or ask the administrator.", user)
	}
	return po.T(errortext.Of(code))
}

// file names a file that the profile names or, if the text is in the profile itself, what it is.
func (v *view) file(which uint32) string {
	keys := [...]string{notice.FileCert: profile.KeyCert, notice.FileKey: profile.KeyKey, notice.FileCA: profile.KeyCA}
	if which >= uint32(len(keys)) {
		which = notice.FileCert
	}
	text := v.data[keys[which]]
	if len(text) > 0 && text[0] == '/' {
		return shown(text)
	}
	return map[uint32]string{notice.FileCert: po.T("Your certificate"), notice.FileKey: po.T("Your private key"), notice.FileCA: po.T("The CA certificate")}[which]
}
