// SPDX-License-Identifier: Apache-2.0

package profile

// Kind is the syntax of a key's value.
type Kind int

// The kinds. What Key.Min and Key.Max bound depends on them.
const (
	KindString   Kind = iota // text without control characters; Min and Max bytes
	KindHost                 // host name, IPv4 or IPv6 address, each with or without a port and a hint
	KindHostPort             // the same, with a port and without a hint
	KindHostName             // a host name in ASCII; Max bytes
	KindInt                  // decimal number; Min and Max
	KindPort                 // TCP port; Min and Max
	KindSeconds              // decimal number of seconds; Min and Max
	KindBool                 // yes or no
	KindEnum                 // one of Values
	KindHex                  // hexadecimal bytes, colons between them allowed; Min and Max bytes
	KindMAC                  // one of Values, or a unicast MAC address
	KindPEM                  // absolute path of a file, or the PEM text itself; Max bytes
	KindFlags                // NMSettingSecretFlags in decimal; Min and Max
	KindSecret               // a secret's text, kept out of every message; Max bytes
)

// Group is the part of a form (or of the manual page) that a key belongs to.
type Group int

// The groups, in the order they are shown in.
const (
	GroupIdentity Group = iota
	GroupCertificate
	GroupProxy
	GroupTransport
	GroupDevice
	GroupReconnect
	GroupOutside
	GroupImport
)

// Groups lists the groups in the order they are shown in.
var Groups = []Group{GroupIdentity, GroupCertificate, GroupProxy, GroupTransport, GroupDevice, GroupReconnect, GroupOutside, GroupImport}

// String returns the heading of the group.
func (g Group) String() string {
	switch g {
	case GroupIdentity:
		return "Identity"
	case GroupCertificate:
		return "Certificates"
	case GroupProxy:
		return "Proxy"
	case GroupTransport:
		return "Transport"
	case GroupDevice:
		return "Network device"
	case GroupReconnect:
		return "Reconnecting"
	case GroupOutside:
		return "Outside of the tunnel"
	case GroupImport:
		return "Import and export"
	}
	return "Other"
}

// Key describes one item of vpn.data, or of vpn.secrets if Secret is true.
type Key struct {
	Name    string
	Kind    Kind
	Group   Group
	Default string   // as it would be written in the connection; "" means unset
	Min     int      // lower bound, depending on the Kind
	Max     int      // upper bound, depending on the Kind
	Values  []Choice // the words allowed; for KindMAC, besides an address
	Secret  bool     // lives in vpn.secrets and is never shown
	Help    string   // one line, no full stop: a label's tooltip
	Long    string   // what else a person should know, whole sentences in the words of a settings page; may be empty
	More    string   // the same in the words of files, for the man page alone; may be empty

	set func(p *Profile, v value) // stores a checked value
}

// Choice is one of the words a key may have as value.
type Choice struct {
	Word string
	Help string // one line, no full stop
}

// Lookup returns the key called name, from vpn.data and vpn.secrets alike (no name is in both), or nil.
func Lookup(name string) *Key {
	for i := range Keys {
		if Keys[i].Name == name {
			return &Keys[i]
		}
	}
	return nil
}

// FlagsKey returns the name of the data key that holds the NMSettingSecretFlags of a secret.
func FlagsKey(secret string) string { return secret + "-flags" }
