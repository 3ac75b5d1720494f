// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// people are .vpn files that people were given.
func people(t *testing.T, name string) string {
	t.Helper()
	file, err := filepath.Abs("../../profile/vpnfile/testdata/cases/" + name + ".vpn")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPersonImportsWhatTheyWereGiven(t *testing.T) {
	for name, test := range map[string]struct {
		connection string
		data       []string
		said       string // "" if nothing but that the certificate will be checked
	}{
		"remarks-behind-values":   {"tw1", []string{"gateway = 198.51.100.7", "port = 995", "user = vpn", "auth-type = anonymous"}, ""},
		"item-without-value":      {"Work", []string{"gateway = vpn.example.com", "hub = OFFICE", "user = joe"}, ""},
		"remark-in-shift-jis":     {"Work", []string{"gateway = vpn.example.com", "hub = OFFICE", "user = joe"}, ""},
		"no-user-name":            {"CONNECTION_NAME", []string{"gateway = 203.0.113.1", "hub = TEST", "auth-type = plain-password"}, "Username: the file has no user name; set one before you connect (user)"},
		"vpngate-stored-password": {"vgp1", []string{"gateway = 198.51.100.8", "port = 1662", "hub = VPNGATE", "user = vpn"}, "HubName: this is a relay of VPN Gate"},
	} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			res := w.importFile(people(t, name))
			if res.Code != 0 || !strings.Contains(res.Stdout, "Connection '"+test.connection+"'") {
				t.Fatal(res.Text())
			}
			said := ""
			for line := range strings.Lines(res.Stderr) {
				if strings.Contains(line, "importing") && !strings.Contains(line, ": CheckServerCert: ") {
					said += line
				}
			}
			if test.said == "" && said != "" || !strings.Contains(said, test.said) {
				t.Errorf("said %q", said)
			}
			data := w.get(test.connection, "vpn.data")
			for _, item := range test.data {
				if !strings.Contains(data, item) {
					t.Errorf("vpn.data lacks %s: %s", item, data)
				}
			}
		})
	}
}

// An account of VPN Gate gets what nm-softether-vpngate gives the connections it makes.
func TestPersonImportsARelayOfVPNGate(t *testing.T) {
	w := network(t)
	list := filepath.Join(t.TempDir(), "list.csv")
	config := base64.StdEncoding.EncodeToString([]byte("proto tcp\r\nremote 198.51.100.8 1662\r\n"))
	w.ok(os.WriteFile(list, []byte("*vpn_servers\r\n#HostName,IP,Score,Ping,Speed,CountryLong,CountryShort,NumVpnSessions,Uptime,TotalUsers,TotalTraffic,LogType,Operator,Message,OpenVPN_ConfigData_Base64\r\n"+
		"vpn1,198.51.100.8,1,5,200000000,Japan,JP,3,86400000,1,1,2weeks,Someone,,"+config+"\r\n*\r\n"), 0o644))
	if res := w.vpngate(nil, "add", "--file", list, "--country", "JP"); res.Code != 0 {
		t.Fatal(res.Text())
	}
	if res := w.importFile(people(t, "vpngate-stored-password")); res.Code != 0 {
		t.Fatal(res.Text())
	}
	for _, property := range []string{"vpn.secrets", "ipv4.method", "ipv4.dns-priority", "ipv6.method", "connection.autoconnect", "connection.permissions"} {
		// nmcli loses secrets that it was sent when it hears at the same time that the profile has changed.
		w.eventually(property+" to be that of nm-softether-vpngate", 5*time.Second, func() error {
			ours, theirs := w.get("vgp1", property), w.get("VPN Gate JP 198.51.100.8", property)
			return is(property, ours, theirs, nil)
		})
	}
	items := func(name string) map[string]bool {
		set := map[string]bool{}
		for item := range strings.SplitSeq(w.get(name, "vpn.data"), ", ") {
			if !strings.HasPrefix(item, "vpn-file-items") {
				set[item] = true
			}
		}
		return set
	}
	ours, theirs := items("vgp1"), items("VPN Gate JP 198.51.100.8")
	for item := range theirs {
		if !ours[item] {
			t.Errorf("vpn.data lacks %s", item)
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("vpn.data is %v, want %v", ours, theirs)
	}

	// A user who is not root gets it for themselves alone, as from nm-softether-vpngate.
	w.ok(w.Desktop.Clean(w.ctx))
	text, err := os.ReadFile(people(t, "vpngate-stored-password"))
	w.ok(err)
	file := w.file("own.vpn", string(text))
	w.ok(os.Chmod(w.Desktop.Path(file), 0o644))
	if res := w.as(netns.Person, "", "connection", "import", "type", "softether", "file", file); res.Code != 0 {
		t.Fatal(res.Text())
	}
	if got := w.get("vgp1", "connection.permissions"); strings.ReplaceAll(got, `\`, "") != "user:"+netns.PersonName {
		t.Errorf("the connection is for %q", got)
	}
}

func TestImportedFileWithoutAUserNameFailsWithASentence(t *testing.T) {
	w := network(t)
	text, err := os.ReadFile(people(t, "no-user-name"))
	w.ok(err)
	file := filepath.Join(t.TempDir(), "given.vpn")
	w.ok(os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "203.0.113.1", plan.ServerAddr.String())), 0o644))
	if res := w.importFile(file); res.Code != 0 {
		t.Fatal(res.Text())
	}
	mark := w.Desktop.NMLogMark()
	res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", "CONNECTION_NAME")
	w.ok(err)
	if res.Code == 0 || strings.Contains(res.Text(), startFailed) {
		t.Errorf("nmcli said %q", res.Text())
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "user is not set: set it or vpn.user-name") {
		t.Errorf("the journal does not say why:\n%s", log)
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
}

func TestUserNameAsInL2TP(t *testing.T) {
	w := network(t)
	v := w.profile("office", softether.HubOffice, softether.Alice)
	v.Data["user"] = "alice@" + softether.HubOffice
	w.refused(v, noSecrets, `nmcli connection modify "office" +vpn.data user=alice +vpn.data hub=`+softether.HubOffice)
}

// A person edits a keyfile and leaves blanks, copies the name of the interface from nmcli, and saves the authority's
// certificate with an editor on Windows.
func TestValuesAsPeopleWriteThem(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Server.UseSignedCert(w.ctx))
	ca := w.file("ca.pem", "\ufeff"+string(w.Server.CA.PEM))
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "connection.interface-name", "--"))
	v.Data = map[string]string{"gateway": plan.ServerName, "hub": softether.HubOffice, "user": softether.Alice.Name, "ca": ca, "mtu": "1400"}
	w.ok(w.Desktop.Add(w.ctx, v))
	found, err := filepath.Glob(w.Desktop.Path("/etc/NetworkManager/system-connections/office*"))
	w.ok(err)
	if len(found) != 1 {
		t.Fatal(found)
	}
	text, err := os.ReadFile(found[0])
	w.ok(err)
	for key, value := range v.Data {
		line := "\n" + key + "=" + value + "\n"
		if !strings.Contains(string(text), line) {
			t.Fatalf("%s does not have %q:\n%s", found[0], line, text)
		}
		text = []byte(strings.Replace(string(text), line, "\n"+key+"=\\s"+value+"\\s\\t\n", 1))
	}
	w.ok(os.WriteFile(found[0], text, 0o600))
	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "reload")
	w.ok(err)
	mark := w.Desktop.NMLogMark()
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeGateway)
	if tap := w.tap(); tap != "se0" {
		t.Errorf("the interface is %s", tap)
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "-- is how nmcli shows that there is none") {
		t.Errorf("nothing is said about the interface's name:\n%s", log)
	}
	w.down("office")
}
