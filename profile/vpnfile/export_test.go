// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

// connection is a plain connection with more keys, "key=value".
func connection(pairs ...string) *Connection {
	c := &Connection{ID: "Work", Data: map[string]string{"gateway": "vpn.example.com", "user": "joe"}, Secrets: map[string]string{}}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		if k := profile.Lookup(key); k != nil && k.Secret {
			c.Secrets[key] = value
		} else {
			c.Data[key] = value
		}
	}
	return c
}

func exported(t *testing.T, c *Connection) (*Account, []string) {
	t.Helper()
	a, warnings, err := FromConnection(c, sha256.Sum256)
	if err != nil {
		t.Fatal(err)
	}
	return a, names(warnings)
}

func TestKeysBecomeItems(t *testing.T) {
	for name, test := range map[string]struct {
		c      *Connection
		edit   func(*Account) // what differs from the account of a plain connection
		warned []string
	}{
		"plain":       {connection(), func(*Account) {}, nil},
		"port":        {connection("port=992"), func(a *Account) { a.Port = 992 }, nil},
		"port beside": {connection("gateway=[2001:db8::1]:5555"), func(a *Account) { a.Hostname, a.Port = "2001:db8::1", 5555 }, nil},
		"hub":         {connection("hub=OFFICE"), func(a *Account) { a.HubName = "OFFICE" }, nil},
		"no check":    {connection("server-cert-check=no"), func(a *Account) { a.CheckServerCert, a.AddDefaultCA = false, false }, []string{"server-cert-check"}},
		"pin":         {connection("server-cert-sha256=" + strings.Repeat("ab", 32)), func(a *Account) { a.AddDefaultCA = false }, []string{"server-cert-sha256"}},
		"authority":   {connection("ca=/etc/ca.pem"), func(a *Account) { a.AddDefaultCA = false }, []string{"ca"}},
		"session":     {connection("max-connections=4", "half-duplex=yes", "qos=no", "compression=yes"), func(a *Account) { a.MaxConnection, a.HalfConnection, a.DisableQoS, a.UseCompress = 4, true, true, true }, nil},
		"modes": {connection("bridge-mode=yes", "monitor-mode=yes", "udp-acceleration=no"), func(a *Account) {
			a.RequireBridgeRoutingMode, a.RequireMonitorMode, a.NoUdpAcceleration = true, true, true
		}, nil},
		"finer UDP": {connection("udp-acceleration=v1"), func(*Account) {}, []string{"udp-acceleration"}},
		"times": {connection("connection-interval=2", "connection-lifetime=60", "reconnect-interval=30", "reconnect-attempts=5"), func(a *Account) {
			a.AdditionalConnectionInterval, a.ConnectionDisconnectSpan, a.RetryInterval, a.NumRetry = 2, 60, 30, 5
		}, nil},
		"hint":       {connection("gateway=vpn.example.com:5555/pc7", "transport=udp"), func(a *Account) { a.Hostname, a.Port = "vpn.example.com/pc7", 5555 }, nil},
		"TCP alone":  {connection("gateway=vpn.example.com/none"), func(a *Account) { a.Hostname = "vpn.example.com/tcp" }, nil},
		"other ways": {connection("transport=udp"), func(*Account) {}, []string{"transport"}},
		"ours alone": {connection("mtu=1400", "mac=random", "transport=auto", "dhcp-hostname=pc7", "send-host-info=yes"), func(*Account) {}, []string{"transport", "mac", "mtu", "dhcp-hostname", "send-host-info"}},
		"defaults":   {connection("mtu=1500", "qos=yes", "port=443", "auth-type=password", "server-cert-check=yes"), func(*Account) {}, nil},
		"proxy": {connection("proxy-type=http", "proxy-server=[2001:db8::2]:3128", "proxy-user=u", "proxy-password=secret"), func(a *Account) {
			a.ProxyType, a.ProxyName, a.ProxyPort, a.ProxyUsername, a.ProxyPassword = 1, "2001:db8::2", 3128, "u", hide("secret")
		}, nil},
		"password": {connection("password=secret1", "user=alice"), func(a *Account) {
			a.Username, a.HashedPassword = "alice", []byte("\x5b\xba\x79\x29\xd5\x15\x48\xb6\xc4\x5e\x23\x4a\x36\x56\xa7\x42\x59\xe0\x5a\x30")
		}, nil},
		"plain password": {connection("password=secret", "auth-type=plain-password"), func(a *Account) { a.AuthType, a.EncryptedPassword = 2, []byte("\x1d\xfa\x07\x90\x15\x59") }, nil},
		"keyring":        {connection("password=secret", "password-flags=1", "proxy-type=http", "proxy-server=p:1", "proxy-user=u", "proxy-password=x", "proxy-password-flags=2"), func(a *Account) { a.ProxyType, a.ProxyName, a.ProxyPort, a.ProxyUsername = 1, "p", 1, "u" }, nil},
		"anonymous":      {connection("auth-type=anonymous", "password=left over"), func(a *Account) { a.AuthType = 0 }, nil},
		"files":          {connection("auth-type=certificate", "cert=/home/joe/joe.p12", "key=/home/joe/key.pem"), func(a *Account) { a.AuthType = 3 }, []string{"cert", "key"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := newAccount()
			want.AccountName, want.Hostname, want.HubName, want.Username, want.AuthType = "Work", "vpn.example.com", "DEFAULT", "joe", authPassword
			want.CheckServerCert, want.AddDefaultCA = true, true
			test.edit(want)
			got, warned := exported(t, test.c)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.warned, warned); diff != "" {
				t.Errorf("warnings (-want +got)\n%s", diff)
			}
		})
	}
}

func TestUserNameOfTheConnectionStandsIn(t *testing.T) {
	c := connection("user=", "password=secret1")
	c.UserName = "alice"
	if a, _ := exported(t, c); a.Username != "alice" || !bytes.Equal(a.HashedPassword, hashOf("alice", "secret1")) {
		t.Errorf("got %q, %x", a.Username, a.HashedPassword)
	}
}

func TestWhatCannotConnectIsNotExported(t *testing.T) {
	var bad *profile.ValueError
	if _, _, err := FromConnection(connection("port=0"), sha256.Sum256); !errors.As(err, &bad) || bad.Key != "port" {
		t.Errorf("port 0: %v", err)
	}
	var missing *profile.MissingError
	if _, _, err := FromConnection(connection("gateway="), sha256.Sum256); !errors.As(err, &missing) || missing.Key != "gateway" {
		t.Errorf("no gateway: %v", err)
	}
}

// What an import kept must not undo what the person has changed since.
func TestChangesSinceTheImportWin(t *testing.T) {
	account := base(func(a *Account) {
		a.CheckServerCert, a.AddDefaultCA, a.NumRetry, a.Hostname, a.DeviceName = false, false, 0, "vpn.example.com/tcp", "pp"
		a.AuthType, a.SecurePublicCert = authCard, "card"
	})
	for name, test := range map[string]struct {
		change map[string]string
		edit   func(*Account)
	}{
		"nothing": {nil, func(*Account) {}},
		"pin": {map[string]string{"server-cert-sha256": strings.Repeat("ab", 32)}, func(a *Account) {
			a.CheckServerCert = true
		}},
		"authority": {map[string]string{"ca": "/etc/ca.pem"}, func(a *Account) { a.CheckServerCert = true }},
		"attempts":  {map[string]string{"reconnect-attempts": "3"}, func(a *Account) { a.NumRetry = 3 }},
		"server":    {map[string]string{"gateway": "other.example.com"}, func(a *Account) { a.Hostname = "other.example.com" }},
		"auth":      {map[string]string{"auth-type": "anonymous"}, func(a *Account) { a.AuthType = authAnonymous }},
		"nonsense": {map[string]string{"vpn-file-items": "NumRetry=x Port=1 =", "server-cert-check": "no"}, func(a *Account) {
			*a = *base()
			a.AuthType, a.NumRetry, a.CheckServerCert, a.AddDefaultCA = authCert, 1, false, false
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := translated(t, account)
			maps.Copy(c.Data, test.change)
			want := *account
			test.edit(&want)
			got, _ := exported(t, c)
			if diff := cmp.Diff(body(want.Marshal()), body(got.Marshal())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPrivateKeysAreWrittenAsTheOfficialClientDoes(t *testing.T) {
	imported, _ := translated(t, read(t, official(t)["certificate-socks5-proxy"]))
	cert, rsaKey := imported.Data["cert"], imported.Data["key"]
	rsaDER, err := keyDER(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKCS1PrivateKey(rsaDER)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	sec1, _ := x509.MarshalECPrivateKey(ecKey)
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pemOf("PRIVATE KEY", der)
	}
	for name, test := range map[string]struct {
		key    string
		want   []byte
		warned []string
	}{
		"RSA":           {rsaKey, rsaDER, nil},
		"RSA, PKCS #8":  {pkcs8(parsed), rsaDER, nil},
		"EC":            {pemOf("EC PRIVATE KEY", sec1), sec1, nil},
		"EC, PKCS #8":   {pkcs8(ecKey), sec1, nil},
		"parameters":    {pemOf("EC PARAMETERS", []byte{6, 0}) + pemOf("EC PRIVATE KEY", sec1), sec1, nil},
		"Ed25519":       {pkcs8(edKey), nil, []string{"key"}},
		"encrypted":     {pemOf("ENCRYPTED PRIVATE KEY", []byte{48, 0}), nil, []string{"key"}},
		"old encrypted": {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", nil, []string{"key"}},
	} {
		a, warned := exported(t, connection("auth-type=certificate", "cert="+cert, "key="+test.key))
		if !bytes.Equal(a.ClientKey, test.want) {
			t.Errorf("%s: got %d bytes, want %d", name, len(a.ClientKey), len(test.want))
		}
		if diff := cmp.Diff(test.warned, warned); diff != "" {
			t.Errorf("%s: warnings (-want +got)\n%s", name, diff)
		}
	}
}
