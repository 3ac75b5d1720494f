// SPDX-License-Identifier: Apache-2.0

package form

import (
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// Shape is what a field looks like.
type Shape int

// The shapes.
const (
	Entry    Shape = iota // a line of text
	Password              // a line of text that is not shown
	Combo                 // one of several words
	Check                 // on or off
	File                  // a line of text with a button that reads a file into the connection
	Editable              // one of several words, or a line of text
)

// Section is a part of the page. All but the first are collapsed at first.
type Section int

// The sections, in the order in which they are shown.
const (
	Identity Section = iota
	Server
	Proxy
	Transport
	Device
	Reconnect
	Outside
)

// Sections lists the sections with their headings. The first needs none.
//
//po:extract 1
var Sections = []struct {
	Section Section
	Title   string
}{
	{Identity, ""},
	{Server, "Server certificate"},
	{Proxy, "Pro_xy"},
	{Transport, "T_ransport"},
	{Device, "Network _device"},
	{Reconnect, "Reconnectin_g"},
	{Outside, "Outside the VPN"},
}

// A Field is a key of the table as a person sees it.
type Field struct {
	Key      string
	Label    string // with an underscore before the letter that Alt leads to, if there is one
	Shape    Shape
	Section  Section
	Beside   bool      // in the row of the previous field; both are entries that are always shown
	Words    []Word    // of a Combo or an Editable
	When     condition // whether it is shown; nil = always
	Required condition // whether it must be filled in when it is shown; nil = never
}

// A Word is what a person reads for one of a field's values, and what the field's explanation says when it is
// chosen.
type Word struct{ Value, Label, Help string }

// A condition is about what the fields say.
type condition func(value func(key string) string) bool

// ShowPasswords is the ID of the check button that makes passwords readable. It belongs to no key.
const ShowPasswords = "show-passwords"

// storage has the words of NetworkManager's own settings programs (libnma).
//
//po:extract Label
var storage = []Word{
	{Value: "0", Label: "Store the password for all users"},
	{Value: "1", Label: "Store the password only for this user"},
	{Value: "2", Label: "Ask for this password every time"},
	{Value: "4", Label: "The password is not required"},
}

func always(func(string) string) bool { return true }

func withoutAnonymous(value func(string) string) bool {
	return value(profile.KeyAuthType) != string(profile.AuthAnonymous)
}

func withSeparateKey(value func(string) string) bool {
	return !(profile.File{Path: value(profile.KeyCert)}).PKCS12()
}

func withPassword(value func(string) string) bool {
	return value(profile.KeyAuthType) == string(profile.AuthPassword) || value(profile.KeyAuthType) == string(profile.AuthPlainPassword)
}

func withCertificate(value func(string) string) bool {
	return value(profile.KeyAuthType) == string(profile.AuthCertificate)
}

func withProxy(value func(string) string) bool {
	return value(profile.KeyProxyType) != string(profile.ProxyNone)
}

func withProxyPassword(value func(string) string) bool {
	return withProxy(value) && value(profile.KeyProxyType) != string(profile.ProxySOCKS4)
}

func withSeveral(value func(string) string) bool { return value(profile.KeyMaxConnections) != "1" }

// withHalfDuplex: while it is on, it can be turned off, even if it does not apply.
func withHalfDuplex(value func(string) string) bool {
	return withSeveral(value) || value(profile.KeyHalfDuplex) == "yes"
}

// Fields are all fields, section by section, from top to bottom. Alt with the letters a, c, e, n and s is
// taken by buttons and fields of the hosts.
//
//po:extract Label 1 2
var Fields = []Field{
	{Key: profile.KeyGateway, Label: "Ser_ver", Section: Identity, Required: always},
	{Key: profile.KeyPort, Label: "P_ort", Section: Identity, Beside: true},
	{Key: profile.KeyHub, Label: "Virtual _hub", Section: Identity},
	{Key: profile.KeyAuthType, Label: "Authen_tication", Shape: Combo, Section: Identity, Words: []Word{
		{"password", "Standard password", "Known to the server; only a hash of it is sent."},
		{"plain-password", "RADIUS or NT domain password", "Checked by another server; sent encrypted."},
		{"certificate", "Client certificate", "A certificate and a private key, no password."},
		{"anonymous", "Anonymous", "No password; the virtual hub must allow it."},
	}},
	{Key: profile.KeyUser, Label: "_User name", Section: Identity, Required: withoutAnonymous},
	{Key: profile.SecretPassword, Label: "Pass_word", Shape: Password, Section: Identity, When: withPassword},
	{Key: profile.FlagsKey(profile.SecretPassword), Label: "Password storage", Shape: Combo, Section: Identity, Words: storage, When: withPassword},
	{Key: profile.KeyCert, Label: "User cert_ificate", Shape: File, Section: Identity, When: withCertificate, Required: always},
	{Key: profile.KeyKey, Label: "Private _key", Shape: File, Section: Identity, When: withCertificate, Required: withSeparateKey},
	{Key: profile.SecretKeyPassword, Label: "Key password", Shape: Password, Section: Identity, When: withCertificate},
	{Key: profile.FlagsKey(profile.SecretKeyPassword), Label: "Key password storage", Shape: Combo, Section: Identity, Words: storage, When: withCertificate},

	{Key: profile.KeyServerCertCheck, Label: "Verification", Shape: Combo, Section: Server, Words: []Word{
		{"yes", "By certificate authority", "If it cannot be verified (self-signed, for example), you are asked whether to trust it."},
		{"pin", "By fingerprint", "Only this certificate is accepted. Without a fingerprint, you are asked the first time."},
		{"no", "None (insecure)", "Anyone between you and the server can read everything, even the password."},
	}},
	{Key: profile.KeyServerCertSHA, Label: "_Fingerprint (SHA-256)", Section: Server},
	{Key: profile.KeyCA, Label: "CA certificate", Shape: File, Section: Server},

	{Key: profile.KeyProxyType, Label: "Proxy type", Shape: Combo, Section: Proxy, Words: []Word{
		{Value: "none", Label: "None"}, {Value: "http", Label: "HTTP"}, {Value: "socks4", Label: "SOCKS4"}, {Value: "socks5", Label: "SOCKS5"},
	}},
	{Key: profile.KeyProxyServer, Label: "Proxy address", Section: Proxy, When: withProxy, Required: always},
	{Key: profile.KeyProxyUser, Label: "Proxy user name", Section: Proxy, When: withProxy},
	{Key: profile.SecretProxyPassword, Label: "Proxy password", Shape: Password, Section: Proxy, When: withProxyPassword},
	{Key: profile.FlagsKey(profile.SecretProxyPassword), Label: "Proxy password storage", Shape: Combo, Section: Proxy, Words: storage, When: withProxyPassword},

	{Key: profile.KeyTransport, Label: "Protocol", Shape: Combo, Section: Transport, Words: []Word{
		{"tcp", "TCP", "The usual way, which all servers support."},
		{"auto", "Automatic", "TCP or, where it is blocked, one of the other protocols."},
		{"udp", "UDP (NAT traversal)", "Reaches servers behind NAT. SoftEther's public servers help and see both IP addresses."},
		{"icmp", "ICMP", "For networks that let only pings through. The server must have it enabled."},
		{"dns", "DNS", "For networks that let only name lookups through. The server must have it enabled."},
	}},
	{Key: profile.KeyMaxConnections, Label: "Number of TCP connections", Section: Transport},
	{Key: "connection-interval", Label: "Connection interval (seconds)", Section: Transport, When: withSeveral},
	{Key: "connection-lifetime", Label: "Connection lifetime (seconds)", Section: Transport, When: withSeveral},
	{Key: profile.KeyHalfDuplex, Label: "Use half-dup_lex mode", Shape: Check, Section: Transport, When: withHalfDuplex},
	{Key: "compression", Label: "Use data co_mpression", Shape: Check, Section: Transport},
	{Key: profile.KeyUDPAcceleration, Label: "UDP acceleration", Shape: Combo, Section: Transport, Words: []Word{
		{"auto", "Automatic", "UDP is used while the TCP connection loses packets."},
		{"yes", "Whenever possible", "UDP is used whenever both ends can reach each other."},
		{"v1", "Whenever possible, including version 1", "Also with old servers, whose version 1 has weak encryption (RC4)."},
		{"no", "Never", "All data goes over the TCP connections."},
	}},
	{Key: "qos", Label: "Prioriti_ze small packets and VoIP", Shape: Check, Section: Transport},
	{Key: "bridge-mode", Label: "_Bridge or router mode", Shape: Check, Section: Transport},
	{Key: "monitor-mode", Label: "Monitoring mode", Shape: Check, Section: Transport},

	{Key: profile.KeyMAC, Label: "MAC address", Shape: Editable, Section: Device, Words: []Word{
		{Value: "stable", Label: "Always the same"}, {Value: "random", Label: "Different each time"},
	}},
	{Key: profile.KeyMTU, Label: "MTU", Section: Device},
	{Key: "dhcp-hostname", Label: "DHCP host name", Section: Device},
	{Key: "send-host-info", Label: "Send computer name and operating s_ystem", Shape: Check, Section: Device},

	{Key: "reconnect-interval", Label: "Seconds between attempts", Section: Reconnect},
	{Key: "reconnect-attempts", Label: "Number of attempts (0: no limit)", Section: Reconnect},

	{Key: profile.KeyStrict, Label: "Traffic outside the VPN", Shape: Combo, Section: Outside, Words: []Word{
		{Value: "no", Label: "According to the routes"}, {Value: "yes", Label: "Blocked"}, {Value: "allow-lan", Label: "Blocked, except in the local network"},
	}},
	{Key: profile.KeyBlockIPv6, Label: "Block IPv6", Shape: Combo, Section: Outside, Words: []Word{
		{Value: "auto", Label: "If the VPN has no IPv6"}, {Value: "yes", Label: "Always"}, {Value: "no", Label: "Never"},
	}},
	{Key: profile.KeyOverlapping, Label: "Accept routes that overlap the local network", Shape: Check, Section: Outside},
}

// Title returns the label in the language of the person, without its underscore. In scripts whose letters
// cannot serve as mnemonics, such as Chinese, the mnemonic follows in parentheses.
func (f *Field) Title() string {
	label := po.T(f.Label)
	if i := strings.Index(label, "(_"); i > 0 && strings.HasSuffix(label, ")") {
		return label[:i]
	}
	return strings.Replace(label, "_", "", 1)
}

// Explained reports whether an explanation of the choice is shown below the field.
func (f *Field) Explained() bool { return len(f.Words) > 0 && f.Words[0].Help != "" }

// Find returns the field of a key, nil if there is none.
func Find(key string) *Field {
	for i := range Fields {
		if Fields[i].Key == key {
			return &Fields[i]
		}
	}
	return nil
}
