// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

// translated is what an account became: the connection, with PEM and kept items cut to their kind, and the names of the
// items that were warned of.
func translated(t *testing.T, a *Account) (c *Connection, warned []string) {
	t.Helper()
	c, warnings, err := a.Connection(sha256.Sum256)
	if err != nil {
		t.Fatal(err)
	}
	return c, names(warnings)
}

func names(warnings []profile.Warning) (names []string) {
	for _, w := range warnings {
		names = append(names, w.Key)
	}
	return names
}

func TestOfficialFilesBecomeConnections(t *testing.T) {
	type result struct {
		ID            string
		Data, Secrets map[string]string
		Warned        []string
	}
	files := official(t)
	pin := sha256.Sum256(read(t, files["certificate-socks5-proxy"]).ServerCert)
	none := map[string]string{}
	const unchecked = "AddDefaultCA=false CheckServerCert=false DeviceName=pp"
	for name, want := range map[string]result{
		"anonymous": {"plain1", map[string]string{
			"gateway": "vpn.example.com", "user": "alice", "auth-type": "anonymous",
			"vpn-file-items": unchecked,
		}, none, []string{"CheckServerCert"}},
		"password": {"Work of Zoë $ 東京", map[string]string{
			"gateway": "192.0.2.7", "port": "5555", "hub": "OFFICE", "user": "zoe müller",
			"vpn-file-items": unchecked,
		}, none, []string{"HashedPassword", "CheckServerCert"}},
		"radius-http-proxy": {
			"radius",
			map[string]string{
				"gateway": "vpn.example.com", "port": "992", "hub": "OFFICE", "user": `DOM\joe`,
				"auth-type": "plain-password", "proxy-type": "http", "proxy-server": "proxy.example.com:3128", "proxy-user": "pjoe",
				"vpn-file-items": unchecked,
			},
			map[string]string{"password": "pässword 密码", "proxy-password": "proxypw"},
			[]string{"CheckServerCert"},
		},
		"certificate-socks5-proxy": {"cert", map[string]string{
			"gateway": "vpn.example.com", "hub": "OFFICE", "user": "bob", "auth-type": "certificate",
			"cert": "CERTIFICATE", "key": "RSA PRIVATE KEY", "server-cert-sha256": profile.Fingerprint(pin[:]),
			"proxy-type": "socks5", "proxy-server": "10.0.0.3:1080", "proxy-user": "su",
			"vpn-file-items": "ServerCert=DER DeviceName=pp",
		}, map[string]string{"proxy-password": "secret"}, nil},
		"details-socks4-proxy": {
			"detail",
			map[string]string{
				"gateway": "vpn.example.com", "hub": "OFFICE", "user": "alice",
				"max-connections": "8", "connection-interval": "3", "connection-lifetime": "600", "half-duplex": "yes",
				"bridge-mode": "yes", "monitor-mode": "yes", "qos": "no", "udp-acceleration": "no", "compression": "yes",
				"reconnect-attempts": "7", "reconnect-interval": "20", "proxy-type": "socks4", "proxy-server": "10.0.0.4:1080",
				"vpn-file-items": "AddDefaultCA=false StartupAccount=true DeviceName=pp HideStatusWindow=true NoRoutingTracking=true UseEncrypt=false",
			},
			none,
			[]string{"HashedPassword", "CheckServerCert", "UseEncrypt", "NoRoutingTracking", "StartupAccount"},
		},
		"six": {"six", map[string]string{
			"gateway": "[2001:db8::1]", "hub": "OFFICE", "user": "alice", "auth-type": "anonymous",
			"vpn-file-items": unchecked + " Hostname=[2001:db8::1]",
		}, none, []string{"CheckServerCert"}},
		"hint": {"hint", map[string]string{
			"gateway": "vpn.example.com", "hub": "OFFICE", "user": "alice", "auth-type": "anonymous",
			"vpn-file-items": unchecked + " Hostname=vpn.example.com/tcp",
		}, none, []string{"CheckServerCert"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, warned := translated(t, read(t, files[name]))
			if _, _, err := profile.Parse(profile.Source{ID: c.ID, UUID: "b2f0c8a4-3f0e-4a55-9a39-0a3f6d2f8c11", Data: c.Data, Secrets: c.Secrets}); err != nil {
				t.Errorf("no profile: %v", err)
			}
			for key, label := range map[string]string{"cert": "CERTIFICATE", "key": "RSA PRIVATE KEY"} {
				if strings.HasPrefix(c.Data[key], "-----BEGIN "+label+"-----\n") {
					c.Data[key] = label
				}
			}
			c.Data["vpn-file-items"] = regexp.MustCompile(`ServerCert=MII\S+`).ReplaceAllString(c.Data["vpn-file-items"], "ServerCert=DER")
			if diff := cmp.Diff(want, result{c.ID, c.Data, c.Secrets, warned}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The official client takes such accounts, and so do we: but what no connection can have does not get into one.
func TestDamagedValuesAreLeftOutAndNamed(t *testing.T) {
	for name, test := range map[string]struct {
		edit  func(*Account)
		item  string
		key   string
		value string // of the key afterwards
	}{
		"no host":              {func(a *Account) { a.Hostname = " " }, "Hostname", "gateway", ""},
		"a hint alone":         {func(a *Account) { a.Hostname = "/tcp" }, "Hostname", "gateway", ""},
		"two hosts":            {func(a *Account) { a.Hostname = "a b" }, "Hostname", "gateway", ""},
		"a URL":                {func(a *Account) { a.Hostname = "https://vpn.example.com" }, "Hostname", "transport", ""},
		"another port":         {func(a *Account) { a.Hostname = "vpn.example.com:5555" }, "Port", "port", ""},
		"port 0":               {func(a *Account) { a.Port = 0 }, "Port", "port", ""},
		"port 65536":           {func(a *Account) { a.Port = 65536 }, "Port", "port", ""},
		"a long hub":           {func(a *Account) { a.HubName = strings.Repeat("x", 256) }, "HubName", "hub", strings.Repeat("x", 255)},
		"a hub of two lines":   {func(a *Account) { a.HubName = "a\nb" }, "HubName", "hub", ""},
		"an escape":            {func(a *Account) { a.AuthType, a.Username = authPassword, "a\x1bb" }, "Username", "user", ""},
		"no user":              {func(a *Account) { a.AuthType, a.Username = authPassword, "" }, "Username", "user", ""},
		"authentication":       {func(a *Account) { a.AuthType = 6 }, "AuthType", "auth-type", ""},
		"a kind of proxy":      {func(a *Account) { a.ProxyType = 4 }, "ProxyType", "proxy-type", ""},
		"a proxy's port":       {func(a *Account) { a.ProxyType, a.ProxyName = 1, "p" }, "ProxyName", "proxy-server", ""},
		"a proxy's large port": {func(a *Account) { a.ProxyType, a.ProxyName, a.ProxyPort = 1, "p", 65616 }, "ProxyName", "proxy-server", ""},
		"a proxy's name":       {func(a *Account) { a.ProxyType, a.ProxyPort = 1, 80 }, "ProxyName", "proxy-server", ""},
		"a certificate":        {func(a *Account) { a.ServerCert = []byte("x") }, "ServerCert", "server-cert-sha256", ""},
		"a password":           {func(a *Account) { a.AuthType, a.EncryptedPassword = authPlain, []byte("\xde\xad\xbe\xef\x00\x01") }, "EncryptedPassword", "auth-type", "plain-password"},
	} {
		c, warnings, err := base(test.edit).Connection(sha256.Sum256)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := names(warnings); !slices.Contains(got, test.item) {
			t.Errorf("%s: warned of %v", name, warnings)
		}
		if c.Data[test.key] != test.value {
			t.Errorf("%s: %s is %q, want %q", name, test.key, c.Data[test.key], test.value)
		}
		for i := range profile.Keys {
			if k := &profile.Keys[i]; k.Check(c.Data[k.Name]) != nil {
				t.Errorf("%s: %s has the bad value %q", name, k.Name, c.Data[k.Name])
			}
		}
	}
}

func TestWhatAccountImportRefusesIsRefused(t *testing.T) {
	whole := read(t, official(t)["certificate-socks5-proxy"])
	withCert := func(a *Account) { a.AuthType, a.ClientCert, a.ClientKey = authCert, whole.ClientCert, whole.ClientKey }
	ec, err := os.ReadFile("../../service/usercert/testdata/ec.crt")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(ec)
	for name, test := range map[string]struct {
		item string
		edit func(*Account)
	}{
		"no name":                      {"AccountName", func(a *Account) { a.AccountName = "" }},
		"no certificate":               {"ClientCert", func(a *Account) { withCert(a); a.ClientCert = nil }},
		"no key":                       {"ClientKey", func(a *Account) { withCert(a); a.ClientKey = nil }},
		"a damaged certificate":        {"ClientCert", func(a *Account) { withCert(a); a.ClientCert = a.ClientCert[:400] }},
		"an elliptic curve":            {"ClientCert", func(a *Account) { withCert(a); a.ClientCert = block.Bytes }},
		"a server's of another kind":   {"ServerCert", func(a *Account) { a.ServerCert = block.Bytes }},
		"the same, not to be checked":  {"ServerCert", func(a *Account) { a.CheckServerCert, a.ServerCert = false, block.Bytes }},
		"certificate and key are well": {"", withCert},
		"what follows is nothing":      {"", func(a *Account) { withCert(a); a.ClientCert = append(slices.Clone(a.ClientCert), 1) }},
	} {
		_, _, err := base(test.edit).Connection(sha256.Sum256)
		var bad *ItemError
		if test.item == "" && err != nil || test.item != "" && (!errors.As(err, &bad) || bad.Item != test.item) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// nm-softether-vpngate makes the same of a relay.
func TestAccountsOfVPNGateAreRecognised(t *testing.T) {
	gate := func(edits ...func(*Account)) *Account {
		return base(append([]func(*Account){func(a *Account) {
			a.AuthType, a.Hostname, a.HubName, a.Username, a.HashedPassword = authPassword, "198.51.100.8", "VPNGATE", "vpn", hashOf("vpn", "vpn")
		}}, edits...)...)
	}
	c, warned := translated(t, gate())
	want := map[string]string{"gateway": "198.51.100.8", "port": "443", "hub": "VPNGATE", "user": "vpn", "auth-type": "password", "password-flags": "0", "server-cert-check": "yes", "block-ipv6": "yes"}
	if diff := cmp.Diff(want, c.Data); diff != "" || c.Secrets["password"] != "vpn" || !c.Gate || !slices.Equal(warned, []string{"HubName"}) {
		t.Errorf("%+v, warned of %v (-want +got)\n%s", c, warned, diff)
	}
	for name, test := range map[string]struct {
		edit     func(*Account)
		password string
		gate     bool
	}{
		"upper case":       {func(a *Account) { a.HubName, a.Username = "vpngate", "VPN" }, "vpn", true},
		"anonymous":        {func(a *Account) { a.AuthType = authAnonymous }, "", true},
		"plain password":   {func(a *Account) { a.AuthType, a.EncryptedPassword = authPlain, hide("vpn") }, "vpn", true},
		"another password": {func(a *Account) { a.HashedPassword = hashOf("vpn", "x") }, "", true},
		"another hub":      {func(a *Account) { a.HubName = "OFFICE" }, "vpn", false},
		"another user":     {func(a *Account) { a.HubName, a.Username, a.HashedPassword = "OFFICE", "joe", hashOf("joe", "vpn") }, "vpn", false},
	} {
		c, _ := translated(t, gate(test.edit))
		if c.Secrets["password"] != test.password || c.Gate != test.gate {
			t.Errorf("%s: password %q, VPN Gate %t", name, c.Secrets["password"], c.Gate)
		}
	}
}

func TestAdviceAboutTheStartSaysWhatComesFirst(t *testing.T) {
	cert := read(t, official(t)["certificate-socks5-proxy"]).ServerCert
	for name, test := range map[string]struct {
		edit      func(*Account)
		pin, word bool // what is asked for
	}{
		"nothing is there":   {func(a *Account) { a.AuthType, a.HashedPassword = authPassword, []byte("x") }, true, true},
		"the pin is there":   {func(a *Account) { a.AuthType, a.ServerCert = authPassword, cert }, false, true},
		"a password":         {func(a *Account) { a.AuthType, a.EncryptedPassword = authPlain, hide("x") }, true, false},
		"anonymous":          {func(*Account) {}, true, false},
		"everything":         {func(a *Account) { a.ServerCert = cert }, false, false},
		"VPN Gate":           {func(a *Account) { a.AuthType, a.Username, a.HashedPassword = authPassword, "vpn", hashOf("vpn", "vpn") }, true, false},
		"no password at all": {func(a *Account) { a.AuthType, a.HashedPassword = authPassword, hashOf("joe", "") }, true, false},
	} {
		_, warnings, err := base(test.edit, func(a *Account) { a.StartupAccount = true }).Connection(sha256.Sum256)
		if err != nil {
			t.Fatal(err)
		}
		advice := ""
		for _, w := range warnings {
			if w.Key == "StartupAccount" {
				advice = w.Text
			}
		}
		if pin, word := strings.Contains(advice, "server-cert-sha256"), strings.Contains(advice, "store the password"); pin != test.pin || word != test.word ||
			!strings.Contains(advice, "takes the other connection down") {
			t.Errorf("%s: %s", name, advice)
		}
	}
}
