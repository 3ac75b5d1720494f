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
)

// Section is a part of the page. All but the first are folded away.
type Section int

// The sections, in the order they are shown in.
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
	{Identity, ""}, {Server, "Certificate of the server"}, {Proxy, "Pro_xy"}, {Transport, "_Transport"},
	{Device, "_Network device"}, {Reconnect, "_Reconnecting"}, {Outside, "Outside of the tunnel"},
}

// A Field is a key of the table as a person sees it.
type Field struct {
	Key     string
	Label   string // with an underscore before the letter that Alt leads to, if there is one
	Shape   Shape
	Section Section
	Words   []Word                                   // of a Combo
	When    func(value func(key string) string) bool // whether it is shown; nil = always
}

// A Word is what a person reads for one of a Combo's values.
type Word struct{ Value, Label string }

// ShowPasswords is the id of the check button that makes passwords readable. It belongs to no key.
const ShowPasswords = "show-passwords"

//po:extract 1
var storage = []Word{
	{"0", "In the connection, for all users"}, {"1", "In my keyring"}, {"2", "Nowhere: ask every time"}, {"4", "Not needed"},
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

// Fields are all fields, section by section, from top to bottom.
//
//po:extract Label 1
var Fields = []Field{
	{Key: profile.KeyGateway, Label: "_Server", Section: Identity},
	{Key: profile.KeyPort, Label: "P_ort", Section: Identity},
	{Key: profile.KeyHub, Label: "Virtual _hub", Section: Identity},
	{Key: profile.KeyAuthType, Label: "_Authentication", Shape: Combo, Section: Identity, Words: []Word{
		{"password", "Password"}, {"plain-password", "Password for RADIUS or NT domain"}, {"certificate", "Certificate"}, {"anonymous", "Anonymous"}}},
	{Key: profile.KeyUser, Label: "_User name", Section: Identity},
	{Key: profile.SecretPassword, Label: "Pass_word", Shape: Password, Section: Identity, When: withPassword},
	{Key: profile.FlagsKey(profile.SecretPassword), Label: "_Keep password", Shape: Combo, Section: Identity, Words: storage, When: withPassword},
	{Key: profile.KeyCert, Label: "_Certificate", Shape: File, Section: Identity, When: withCertificate},
	{Key: profile.KeyKey, Label: "Pr_ivate key", Shape: File, Section: Identity, When: withCertificate},
	{Key: profile.SecretKeyPassword, Label: "Password of the k_ey", Shape: Password, Section: Identity, When: withCertificate},
	{Key: profile.FlagsKey(profile.SecretKeyPassword), Label: "Keep password of the key", Shape: Combo, Section: Identity, Words: storage, When: withCertificate},

	{Key: profile.KeyServerCertCheck, Label: "Accept", Shape: Combo, Section: Server, Words: []Word{
		{"yes", "One signed by an authority"}, {"pin", "Only the one with this fingerprint"}, {"no", "Any (not safe)"}}},
	{Key: profile.KeyServerCertSHA, Label: "_Fingerprint (SHA-256)", Section: Server},
	{Key: profile.KeyCA, Label: "Certificate authorit_y", Shape: File, Section: Server},

	{Key: profile.KeyProxyType, Label: "Kind of proxy", Shape: Combo, Section: Proxy, Words: []Word{
		{"none", "None"}, {"http", "HTTP"}, {"socks4", "SOCKS version 4"}, {"socks5", "SOCKS version 5"}}},
	{Key: profile.KeyProxyServer, Label: "Address of the proxy", Section: Proxy, When: withProxy},
	{Key: profile.KeyProxyUser, Label: "User name for the proxy", Section: Proxy, When: withProxy},
	{Key: profile.SecretProxyPassword, Label: "Password for the proxy", Shape: Password, Section: Proxy, When: withProxyPassword},
	{Key: profile.FlagsKey(profile.SecretProxyPassword), Label: "Keep password for the proxy", Shape: Combo, Section: Proxy, Words: storage, When: withProxyPassword},

	{Key: profile.KeyTransport, Label: "Carried by", Shape: Combo, Section: Transport, Words: []Word{
		{"tcp", "TCP"}, {"auto", "TCP, or what works"}, {"udp", "UDP (NAT traversal)"}, {"icmp", "ICMP"}, {"dns", "DNS"}}},
	{Key: profile.KeyMaxConnections, Label: "TCP connections", Section: Transport},
	{Key: "connection-interval", Label: "Seconds between two", Section: Transport, When: withSeveral},
	{Key: "connection-lifetime", Label: "Lifetime of each in seconds", Section: Transport, When: withSeveral},
	{Key: profile.KeyHalfDuplex, Label: "Use each in one _direction only", Shape: Check, Section: Transport, When: withSeveral},
	{Key: "compression", Label: "Co_mpress", Shape: Check, Section: Transport},
	{Key: profile.KeyUDPAcceleration, Label: "UDP acceleration", Shape: Combo, Section: Transport, Words: []Word{
		{"auto", "When TCP loses packets"}, {"yes", "Whenever possible"}, {"v1", "Also version 1 (weak cipher)"}, {"no", "Never"}}},
	{Key: "qos", Label: "Priority for small and _VoIP frames", Shape: Check, Section: Transport},
	{Key: "bridge-mode", Label: "_Bridge or router mode", Shape: Check, Section: Transport},
	{Key: "monitor-mode", Label: "Monitorin_g mode", Shape: Check, Section: Transport},

	{Key: profile.KeyMAC, Label: "MAC address", Section: Device},
	{Key: profile.KeyMTU, Label: "MTU", Section: Device},
	{Key: "dhcp-hostname", Label: "Host name for DHCP", Section: Device},
	{Key: "send-host-info", Label: "Te_ll the server about this computer", Shape: Check, Section: Device},

	{Key: "reconnect-interval", Label: "Seconds between attempts", Section: Reconnect},
	{Key: "reconnect-attempts", Label: "Attempts (0: no limit)", Section: Reconnect},

	{Key: profile.KeyStrict, Label: "Traffic outside the VPN", Shape: Combo, Section: Outside, Words: []Word{
		{"no", "As the routes say"}, {"yes", "Blocked"}, {"allow-lan", "Blocked, but for the local network"}}},
	{Key: profile.KeyBlockIPv6, Label: "Block IPv6", Shape: Combo, Section: Outside, Words: []Word{
		{"auto", "If the VPN has none"}, {"yes", "Always"}, {"no", "Never"}}},
	{Key: profile.KeyOverlapping, Label: "Accept routes over the local network", Shape: Check, Section: Outside},
}

// Title returns the label in the language of the person, without its underscore. Where letters have none of their own
// to stand for, as in Chinese, the one for Alt stands behind in parentheses.
func (f *Field) Title() string {
	label := po.T(f.Label)
	if i := strings.Index(label, "(_"); i > 0 && strings.HasSuffix(label, ")") {
		return label[:i]
	}
	return strings.Replace(label, "_", "", 1)
}

// Find returns the field of a key, nil if there is none.
func Find(key string) *Field {
	for i := range Fields {
		if Fields[i].Key == key {
			return &Fields[i]
		}
	}
	return nil
}
