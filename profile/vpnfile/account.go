// SPDX-License-Identifier: Apache-2.0

package vpnfile

import "slices"

// Account is the content of one .vpn file, item by item, under the names that the file uses.
type Account struct {
	// root
	StartupAccount      bool
	CheckServerCert     bool
	RetryOnServerCert   bool
	AddDefaultCA        bool   // from version 5.02
	ServerCert          []byte // DER; the one certificate that is accepted if CheckServerCert is set
	ShortcutKey         string
	CreateDateTime      uint64 // milliseconds; this and the next two are 0 in exports
	UpdateDateTime      uint64
	LastConnectDateTime uint64

	// ClientOption
	AccountName                  string
	Hostname                     string // a host, or host/hint
	Port, PortUDP                uint32
	HubName                      string
	DeviceName                   string
	ProxyType                    uint32
	ProxyName                    string
	ProxyPort                    uint32
	ProxyUsername                string
	ProxyPassword                []byte // see password.go
	CustomHttpHeader             string
	NumRetry                     uint32
	RetryInterval                uint32 // seconds
	MaxConnection                uint32
	AdditionalConnectionInterval uint32 // seconds
	ConnectionDisconnectSpan     uint32 // seconds
	HalfConnection               bool
	UseEncrypt                   bool
	UseCompress                  bool
	DisableQoS                   bool
	NoUdpAcceleration            bool
	NoRoutingTracking            bool
	RequireBridgeRoutingMode     bool
	RequireMonitorMode           bool
	HideStatusWindow             bool
	HideNicInfoWindow            bool
	FromAdminPack                bool
	BindLocalIP                  string // this and the next from version 5.02
	BindLocalPort                uint32
	HostUniqueKey                []byte

	// ClientAuth
	AuthType            uint32
	Username            string
	HashedPassword      []byte // SHA-0 of password and upper-case user name (softether-protocol.md 6.3)
	EncryptedPassword   []byte // see password.go
	ClientCert          []byte // DER
	ClientKey           []byte // DER, not encrypted
	SecurePublicCert    string // SecurePublicCertName: the object on a smart card
	SecurePrivateKey    string // SecurePrivateKeyName
	OpensslEngineName   string
	OpensslEnginePKName string // OpensslEnginePrivateKeyName
}

// Values of ProxyType and AuthType (Cedar.h).
const (
	proxyDirect, proxyHTTP, proxySOCKS4, proxySOCKS5 = 0, 1, 2, 3

	authAnonymous, authPassword, authPlain, authCert, authCard, authEngine = 0, 1, 2, 3, 4, 5
)

// retryForever is the NumRetry of an account that never gives up.
const retryForever = 1<<32 - 1

// newAccount returns the account that an empty file stands for: where an item is missing, it has what vpncmd
// AccountCreate would have set.
func newAccount() *Account {
	return &Account{Port: 443, NumRetry: retryForever, RetryInterval: 15, MaxConnection: 1, AdditionalConnectionInterval: 1, UseEncrypt: true}
}

// The three blocks of a file. The other two are inside root.
const (
	blockRoot   = "root"
	blockAuth   = "ClientAuth"
	blockOption = "ClientOption"
)

// An item is one line of a file.
type item struct {
	block, name string
	value       any // a pointer to the field: *bool, *uint32, *uint64, *string or *[]byte

	when  when     // when it is written
	kept  bool     // goes into vpn-file-items if no key has its value
	taken []string // the keys that say the same and, if changed since the import, take precedence over the kept value
}

// when says whether an item is written.
type when int

const (
	always  when = iota
	nonZero      // newer or rarer items, which the official client also leaves out
)

// items is the table of everything a file may say, in the order the official client writes it.
func (a *Account) items() []item {
	auth := func(kinds ...uint32) when {
		if slices.Contains(kinds, a.AuthType) {
			return always
		}
		return nonZero
	}
	return []item{
		{blockRoot, "AddDefaultCA", &a.AddDefaultCA, nonZero, true, keysOfTrust},
		{blockRoot, "CheckServerCert", &a.CheckServerCert, always, true, keysOfTrust},
		{blockRoot, "CreateDateTime", &a.CreateDateTime, always, true, nil},
		{blockRoot, "LastConnectDateTime", &a.LastConnectDateTime, always, true, nil},
		{blockRoot, "RetryOnServerCert", &a.RetryOnServerCert, always, true, nil},
		{blockRoot, "ServerCert", &a.ServerCert, nonZero, true, keysOfTrust},
		{blockRoot, "ShortcutKey", &a.ShortcutKey, nonZero, true, nil},
		{blockRoot, "StartupAccount", &a.StartupAccount, always, true, nil},
		{blockRoot, "UpdateDateTime", &a.UpdateDateTime, always, true, nil},

		{blockAuth, "AuthType", &a.AuthType, always, true, keysOfAuth},
		{blockAuth, "ClientCert", &a.ClientCert, nonZero, false, nil},
		{blockAuth, "ClientKey", &a.ClientKey, nonZero, false, nil},
		{blockAuth, "EncryptedPassword", &a.EncryptedPassword, auth(authPlain), false, nil},
		{blockAuth, "HashedPassword", &a.HashedPassword, nonZero, false, nil},
		{blockAuth, "OpensslEngineName", &a.OpensslEngineName, auth(authEngine), true, nil},
		{blockAuth, "OpensslEnginePrivateKeyName", &a.OpensslEnginePKName, auth(authEngine), true, nil},
		{blockAuth, "SecurePrivateKeyName", &a.SecurePrivateKey, auth(authCard), true, nil},
		{blockAuth, "SecurePublicCertName", &a.SecurePublicCert, auth(authCard), true, nil},
		{blockAuth, "Username", &a.Username, always, true, keysOfUser},

		{blockOption, "AccountName", &a.AccountName, always, false, nil},
		{blockOption, "AdditionalConnectionInterval", &a.AdditionalConnectionInterval, always, true, []string{"connection-interval"}},
		{blockOption, "BindLocalIP", &a.BindLocalIP, nonZero, true, nil},
		{blockOption, "BindLocalPort", &a.BindLocalPort, nonZero, true, nil},
		{blockOption, "ConnectionDisconnectSpan", &a.ConnectionDisconnectSpan, always, true, []string{"connection-lifetime"}},
		{blockOption, "CustomHttpHeader", &a.CustomHttpHeader, always, true, nil},
		{blockOption, "DeviceName", &a.DeviceName, always, true, nil},
		{blockOption, "DisableQoS", &a.DisableQoS, always, false, nil},
		{blockOption, "FromAdminPack", &a.FromAdminPack, nonZero, true, nil},
		{blockOption, "HalfConnection", &a.HalfConnection, always, true, keysOfSpread},
		{blockOption, "HideNicInfoWindow", &a.HideNicInfoWindow, always, true, nil},
		{blockOption, "HideStatusWindow", &a.HideStatusWindow, always, true, nil},
		{blockOption, "HostUniqueKey", &a.HostUniqueKey, nonZero, true, nil},
		{blockOption, "Hostname", &a.Hostname, always, true, keysOfHost},
		{blockOption, "HubName", &a.HubName, always, true, []string{"hub"}},
		{blockOption, "MaxConnection", &a.MaxConnection, always, true, keysOfSpread},
		{blockOption, "NoRoutingTracking", &a.NoRoutingTracking, always, true, nil},
		{blockOption, "NoUdpAcceleration", &a.NoUdpAcceleration, always, false, nil},
		{blockOption, "NumRetry", &a.NumRetry, always, true, []string{"reconnect-attempts"}},
		{blockOption, "Port", &a.Port, always, false, nil},
		{blockOption, "PortUDP", &a.PortUDP, always, true, nil},
		{blockOption, "ProxyName", &a.ProxyName, always, true, keysOfProxy},
		{blockOption, "ProxyPassword", &a.ProxyPassword, always, false, nil},
		{blockOption, "ProxyPort", &a.ProxyPort, always, true, keysOfProxy},
		{blockOption, "ProxyType", &a.ProxyType, always, false, nil},
		{blockOption, "ProxyUsername", &a.ProxyUsername, always, true, []string{"proxy-user"}},
		{blockOption, "RequireBridgeRoutingMode", &a.RequireBridgeRoutingMode, always, false, nil},
		{blockOption, "RequireMonitorMode", &a.RequireMonitorMode, always, false, nil},
		{blockOption, "RetryInterval", &a.RetryInterval, always, true, []string{"reconnect-interval"}},
		{blockOption, "UseCompress", &a.UseCompress, always, false, nil},
		{blockOption, "UseEncrypt", &a.UseEncrypt, always, true, nil},
	}
}
