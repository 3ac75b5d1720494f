// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
	"network-manager-softether/profile"
	"network-manager-softether/profile/vpnfile"
)

// importFile has nmcli import a .vpn file under the name of the connection it makes.
func (w *world) importFile(file string) netns.Result {
	w.t.Helper()
	res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "import", "type", "softether", "file", file)
	w.ok(err)
	return res
}

// exportFile has nmcli export a connection.
func (w *world) exportFile(name string) string {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "exported.vpn")
	out, err := w.Desktop.MustNMCLI(w.ctx, "connection", "export", name, file)
	w.ok(err)
	if out != "" {
		w.t.Errorf("nmcli printed %q", out)
	}
	return file
}

// official are files that vpncmd AccountExport wrote.
func official(t *testing.T, name string) string {
	t.Helper()
	file, err := filepath.Abs("../../profile/vpnfile/testdata/vpncmd/" + name + ".vpn")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (w *world) get(name, field string) string {
	w.t.Helper()
	out, err := w.Desktop.MustNMCLI(w.ctx, "-s", "-g", field, "connection", "show", name)
	w.ok(err)
	return strings.TrimSpace(out)
}

func TestPersonImportsTheFileTheyWereGivenAndConnects(t *testing.T) {
	w := network(t)
	text, err := os.ReadFile(official(t, "radius-http-proxy"))
	w.ok(err)
	cert, err := w.Server.Cert(w.ctx)
	w.ok(err)
	given := filepath.Join(t.TempDir(), "office.vpn")
	change := func(pattern, with string) {
		re := regexp.MustCompile(pattern)
		if !re.Match(text) {
			t.Fatalf("the file has no %s", pattern)
		}
		text = re.ReplaceAll(text, []byte(with))
	}
	change(`Hostname \S+`, "Hostname "+plan.ServerName4)
	change(`Username \S+`, "Username "+softether.Alice.Name)
	change(`HubName \S+`, "HubName "+softether.HubOffice)
	change(`Port 992`, "Port 443")
	change(`ProxyType 1`, "ProxyType 0")
	change(`EncryptedPassword \S+`, "EncryptedPassword HfoHkBVZXQ==")
	change(`CheckServerCert false`, "CheckServerCert true\r\n\tbyte ServerCert "+base64.StdEncoding.EncodeToString(cert.Raw))
	w.ok(os.WriteFile(given, text, 0o600))

	if res := w.importFile(given); res.Code != 0 || !strings.Contains(res.Stdout, "Connection 'radius'") {
		t.Fatal(res.Text())
	}
	want := "password = " + softether.Alice.Password
	if got := w.get("radius", "vpn.secrets"); got != want {
		t.Fatalf("the secrets are %q, want %q", got, want)
	}
	w.ok(w.Desktop.Up(w.ctx, "radius"))
	w.pings(plan.OfficeInner)
	w.down("radius")
}

func TestImportSaysWhatIsDifferentAndWhatIsMissing(t *testing.T) {
	w := network(t)
	res := w.importFile(official(t, "details-socks4-proxy"))
	if res.Code != 0 {
		t.Fatal(res.Text())
	}
	for _, item := range []string{"HashedPassword", "CheckServerCert", "UseEncrypt", "NoRoutingTracking", "StartupAccount"} {
		if !strings.Contains(res.Stderr, ": "+item+": ") {
			t.Errorf("nothing is said about %s: %s", item, res.Stderr)
		}
	}
	data := w.get("detail", "vpn.data")
	for _, item := range []string{"gateway = vpn.example.com", "hub = OFFICE", "max-connections = 8", "half-duplex = yes", "proxy-type = socks4"} {
		if !strings.Contains(data, item) {
			t.Errorf("vpn.data lacks %s: %s", item, data)
		}
	}
	if got := w.get("detail", "ipv4.method,ipv4.dns-priority,ipv6.method,ipv6.dns-priority"); got != "auto\n-50\nauto\n-50" {
		t.Errorf("methods and DNS priorities are %q", got)
	}
}

func TestForeignAndDamagedFilesAreRefused(t *testing.T) {
	w := network(t)
	for name, test := range map[string]struct{ text, want string }{
		"foreign.ovpn": {"client\nremote vpn.example.com 1194\n", "not a .vpn file of SoftEther"},
		"cut.vpn":      {"declare root\n{\n\tbool CheckServerCert fal", "damaged .vpn file: there is no ClientOption"},
		"empty.vpn":    {"", "not a .vpn file"},
	} {
		file := filepath.Join(t.TempDir(), name)
		w.ok(os.WriteFile(file, []byte(test.text), 0o644))
		if res := w.importFile(file); res.Code == 0 || !strings.Contains(res.Text(), test.want) {
			t.Errorf("%s: %d, %s", name, res.Code, res.Text())
		}
	}
	if res := w.importFile("/does/not/exist.vpn"); res.Code == 0 || !strings.Contains(res.Text(), "no such file") {
		t.Errorf("a missing file: %d, %s", res.Code, res.Text())
	}
	if res := w.importFile("/dev/null"); res.Code == 0 || !strings.Contains(res.Text(), "not a regular file") {
		t.Errorf("a device: %d, %s", res.Code, res.Text())
	}
}

func TestExportBySomeoneWithoutTheSecretsHasNone(t *testing.T) {
	w := network(t)
	v := desktop.VPN{Name: "stored", Password: softether.Alice.Password, Data: map[string]string{"gateway": "vpn.example.com", "hub": "OFFICE", "user": "alice"}}
	w.ok(w.Desktop.Add(w.ctx, v))
	file := w.exportFile("stored") // nmcli does not ask for the secrets
	text, err := os.ReadFile(file)
	w.ok(err)
	if !bytes.Contains(text, []byte("\tuint AuthType 1\r\n\t\tstring Username alice\r\n")) {
		t.Errorf("there is no login without a password in it:\n%s", text)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	out, err := w.Desktop.MustNMCLI(w.ctx, "connection", "export", "stored")
	w.ok(err)
	if out != string(text) {
		t.Errorf("on standard output there is something else:\n%s", out)
	}
}

// The measure of import and export: what the official client wrote comes back to it as it was.
func TestOfficialFilesSurviveTheWayThroughNetworkManager(t *testing.T) {
	w := freshNetwork(t)
	client, err := w.NewOfficial(w.ctx)
	w.ok(err)
	for _, test := range []struct {
		file, name string
		password   string // typed by the person, where the file has only its hash
	}{
		{"anonymous", "plain1", ""},
		{"password", "Work of Zoë $ 東京", "secret1"},
		{"radius-http-proxy", "radius", ""},
		{"certificate-socks5-proxy", "cert", ""},
		{"details-socks4-proxy", "detail", `"`},
		{"six", "six", ""},
		{"hint", "hint", ""},
	} {
		t.Run(test.file, func(t *testing.T) {
			text, err := os.ReadFile(official(t, test.file))
			w.ok(err)
			if res := w.importFile(official(t, test.file)); res.Code != 0 {
				t.Fatal(res.Text())
			}
			got, err := client.Pass(w.ctx, test.name, w.exportFile(test.name))
			w.ok(err)
			if diff := cmp.Diff(withoutPasswords(text), withoutPasswords(got)); diff != "" {
				t.Errorf("through nmcli, which has no passwords (-want +got)\n%s", diff)
			}

			account, _, err := vpnfile.Read(text)
			w.ok(err)
			c, _, err := account.Connection(sha256.Sum256)
			w.ok(err)
			if test.password != "" {
				c.Secrets[profile.SecretPassword] = test.password
			}
			account, warnings, err := vpnfile.FromConnection(c, sha256.Sum256)
			w.ok(err)
			if len(warnings) > 0 {
				t.Error(warnings)
			}
			file := filepath.Join(t.TempDir(), "whole.vpn")
			w.ok(os.WriteFile(file, account.Marshal(), 0o600))
			got, err = client.Pass(w.ctx, test.name, file)
			w.ok(err)
			if diff := cmp.Diff(string(text), string(got)); diff != "" {
				t.Errorf("with passwords (-want +got)\n%s", diff)
			}
		})
	}
}

// withoutPasswords empties the items that hold passwords.
func withoutPasswords(text []byte) string {
	return regexp.MustCompile(`byte (\w+Password) \S+`).ReplaceAllString(string(text), "byte $1 -")
}
