// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"crypto/sha256"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

func TestImportAndExportLeaveOfficialFilesAsTheyWere(t *testing.T) {
	passwords := map[string]string{"password": "secret1", "details-socks4-proxy": `"`}
	for name, text := range official(t) {
		t.Run(name, func(t *testing.T) {
			c, _ := translated(t, read(t, text))
			if p, ok := passwords[name]; ok { // typed by the person and stored by NetworkManager
				c.Secrets[profile.SecretPassword] = p
			}
			a, warnings, err := FromConnection(c, sha256.Sum256)
			if err != nil || len(warnings) > 0 {
				t.Fatal(warnings, err)
			}
			if diff := cmp.Diff(body(text), body(a.Marshal())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// base is a plain account, changed by edits.
func base(edits ...func(*Account)) *Account {
	a := newAccount()
	a.AccountName, a.Hostname, a.HubName, a.Username = "Work", "vpn.example.com", "HUB", "joe"
	a.CheckServerCert, a.AddDefaultCA = true, true
	for _, edit := range edits {
		edit(a)
	}
	return a
}

func TestItemsWithoutEquivalentAreKeptAndSaid(t *testing.T) {
	for name, test := range map[string]struct {
		edit   func(*Account)
		data   map[string]string // beside gateway, hub, user and auth-type=anonymous
		warned []string
	}{
		"nothing":            {func(*Account) {}, nil, nil},
		"NAT traversal hint": {func(a *Account) { a.Hostname += "/pc7" }, map[string]string{"gateway": "vpn.example.com/pc7", "transport": "udp"}, []string{"Hostname"}},
		"UDP port":           {func(a *Account) { a.PortUDP = 5000 }, map[string]string{"vpn-file-items": "PortUDP=5000"}, []string{"PortUDP"}},
		"never retry":        {func(a *Account) { a.NumRetry = 0 }, map[string]string{"reconnect-attempts": "1", "vpn-file-items": "NumRetry=0"}, []string{"NumRetry"}},
		"retries":            {func(a *Account) { a.NumRetry = 9 }, map[string]string{"reconnect-attempts": "9"}, nil},
		"too many retries":   {func(a *Account) { a.NumRetry = 4e9 }, map[string]string{"reconnect-attempts": "1000000", "vpn-file-items": "NumRetry=4000000000"}, []string{"NumRetry"}},
		"quick retry":        {func(a *Account) { a.RetryInterval = 1 }, map[string]string{"reconnect-interval": "5", "vpn-file-items": "RetryInterval=1"}, []string{"RetryInterval"}},
		"no connections":     {func(a *Account) { a.MaxConnection = 0 }, map[string]string{"vpn-file-items": "MaxConnection=0"}, []string{"MaxConnection"}},
		"half duplex alone":  {func(a *Account) { a.HalfConnection = true }, map[string]string{"vpn-file-items": "HalfConnection=true"}, []string{"HalfConnection"}},
		"half duplex":        {func(a *Account) { a.HalfConnection, a.MaxConnection = true, 2 }, map[string]string{"half-duplex": "yes", "max-connections": "2"}, nil},
		"own address":        {func(a *Account) { a.BindLocalIP, a.BindLocalPort = "192.0.2.1", 7 }, map[string]string{"vpn-file-items": "BindLocalIP=192.0.2.1 BindLocalPort=7"}, []string{"BindLocalIP"}},
		"any address":        {func(a *Account) { a.BindLocalIP = "0.0.0.0" }, map[string]string{"vpn-file-items": "BindLocalIP=0.0.0.0"}, nil},
		"no authorities":     {func(a *Account) { a.AddDefaultCA = false }, map[string]string{"vpn-file-items": "AddDefaultCA=false"}, []string{"CheckServerCert"}},
		"shortcut":           {func(a *Account) { a.ShortcutKey, a.RetryOnServerCert = "AB", true }, map[string]string{"vpn-file-items": "RetryOnServerCert=true ShortcutKey=AB"}, nil},
		"host key":           {func(a *Account) { a.HostUniqueKey, a.FromAdminPack = []byte{1, 2}, true }, map[string]string{"vpn-file-items": "FromAdminPack=true HostUniqueKey=AQI="}, nil},
		"dates":              {func(a *Account) { a.CreateDateTime = 1 << 40 }, map[string]string{"vpn-file-items": "CreateDateTime=1099511627776"}, nil},
		"unused proxy": {
			func(a *Account) { a.ProxyName, a.ProxyPort, a.ProxyUsername = "p", 8080, "u" },
			map[string]string{"vpn-file-items": "ProxyName=p ProxyPort=8080 ProxyUsername=u"},
			nil,
		},
		"IPv6 proxy": {
			func(a *Account) { a.ProxyType, a.ProxyName, a.ProxyPort = 1, "2001:db8::2", 8080 },
			map[string]string{"proxy-type": "http", "proxy-server": "[2001:db8::2]:8080"},
			nil,
		},
		"headers": {
			func(a *Account) {
				a.ProxyType, a.ProxyName, a.ProxyPort, a.CustomHttpHeader = 1, "p", 8080, "X-A: b\r\nX-C: $5"
			},
			map[string]string{"proxy-type": "http", "proxy-server": "p:8080", "vpn-file-items": "CustomHttpHeader=X-A:$20b$0D$0AX-C:$20$245"},
			[]string{"CustomHttpHeader"},
		},
		"secret headers": {func(a *Account) { a.CustomHttpHeader = "Proxy-Authorization: Basic xyz" }, nil, []string{"CustomHttpHeader"}},
		"smart card": {
			func(a *Account) { a.AuthType, a.SecurePublicCert, a.SecurePrivateKey = authCard, "cert 1", "key 1" },
			map[string]string{"auth-type": "certificate", "vpn-file-items": "AuthType=4 SecurePrivateKeyName=key$201 SecurePublicCertName=cert$201"},
			[]string{"AuthType"},
		},
		"no hub":   {func(a *Account) { a.HubName = "" }, map[string]string{"hub": "", "vpn-file-items": "HubName=$"}, nil},
		"no user":  {func(a *Account) { a.Username = "" }, map[string]string{"user": ""}, nil},
		"blanks":   {func(a *Account) { a.HubName = " HUB " }, map[string]string{"vpn-file-items": "HubName=$20HUB$20"}, nil},
		"too long": {func(a *Account) { a.DeviceName = strings.Repeat("x", 20000) }, nil, []string{"DeviceName"}},
		"certificate that is not checked": {
			func(a *Account) { a.CheckServerCert, a.ServerCert = false, []byte{48} },
			map[string]string{"vpn-file-items": "CheckServerCert=false ServerCert=MA=="},
			[]string{"CheckServerCert"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := base(test.edit)
			c, warned := translated(t, a)
			want := map[string]string{"gateway": "vpn.example.com", "hub": "HUB", "user": "joe", "auth-type": "anonymous"}
			maps.Copy(want, test.data)
			maps.DeleteFunc(want, func(_, v string) bool { return v == "" })
			if diff := cmp.Diff(want, c.Data); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.warned, warned); diff != "" {
				t.Errorf("warnings (-want +got)\n%s", diff)
			}
			if strings.HasPrefix(name, "secret") || strings.HasPrefix(name, "too long") {
				return
			}
			back, _, err := FromConnection(c, sha256.Sum256)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(body(a.Marshal()), body(back.Marshal())); diff != "" {
				t.Errorf("exported again (-want +got)\n%s", diff)
			}
		})
	}
}
