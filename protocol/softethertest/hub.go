// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"crypto/x509"
	"net/netip"
	"strings"
)

// A Hub is a Virtual Hub: who may log in, and what they are told.
type Hub struct {
	Name          string // in any case
	Users         []User // the name "*" stands for all others that log in with a plain password
	AdminPassword string // of the user Administrator; empty: there is none

	Message      string            // "Msg" of the Welcome
	Hidden       bool              // not told to those who ask for the names of hubs
	Offline      bool              // error 10
	NotAccepting bool              // error 105
	Deny         []netip.Prefix    // clients from there get error 109
	MaxSessions  int               // beyond: error 16; 0 = no limit
	MinBuild     uint32            // clients of a lower build get error 87
	ClientID     uint32            // others get error 127; 0 = any
	CAs          []CA              // what signs the certificates of users with SignedByCA
	Policy       map[string]uint32 // for users without one of their own
}

// A CA is a certificate the hub trusts to sign those of users.
type CA = *x509.Certificate

// A User is an account. Exactly one way of authentication should be set.
type User struct {
	Name string

	Password   string // authtypes 1 and 2
	Anonymous  bool   // every authtype
	External   func(user, password string) bool
	CertDER    []byte // authtype 3, this very certificate
	SignedByCA bool   // authtype 3, any that a CA of the hub signed

	Expired bool              // error 12
	Policy  map[string]uint32 // "policy:" values by name, such as "TimeOut": 5; others keep their defaults
}

// foldASCII lower-cases a-z only, as the server does to compare names.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// upperASCII upper-cases a-z only, as in the hash of a password.
func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

func (h *Hub) user(name string) *User {
	for i := range h.Users {
		if foldASCII(h.Users[i].Name) == foldASCII(name) {
			return &h.Users[i]
		}
	}
	return nil
}

// policyNames are those of softether-protocol.md 7.2, in their order.
var policyNames = strings.Fields(`Access DHCPFilter DHCPNoServer DHCPForce NoBridge NoRouting PrivacyFilter
	NoServer CheckMac CheckIP ArpDhcpOnly MonitorPort NoBroadcastLimiter FixPassword NoQoS RSandRAFilter
	RAFilter DHCPv6Filter DHCPv6NoServer NoRoutingV6 CheckIPv6 NoServerV6 NoSavePassword FilterIPv4
	FilterIPv6 FilterNonIP NoIPv6DefaultRouterInRA NoIPv6DefaultRouterInRAWhenIPv6 Ver3 MaxConnection
	TimeOut MaxMac MaxIP MaxUpload MaxDownload MultiLogins MaxIPv6 AutoDisconnect VLanId`)

// policy returns the value of a policy that applies to u.
func (h *Hub) policy(u *User, name string) uint32 {
	values := h.Policy
	if u != nil && u.Policy != nil {
		values = u.Policy
	}
	if v, ok := values[name]; ok {
		return v
	}
	switch name {
	case "Access", "Ver3":
		return 1
	case "MaxConnection":
		return 32
	case "TimeOut":
		return 20
	default:
		return 0
	}
}
