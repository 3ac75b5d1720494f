// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// edits runs nm-connection-editor on a profile and drives it.
func (w *world) edits(name string, steps ...string) {
	w.t.Helper()
	w.drives("--edit="+w.get(name, "connection.uuid"), steps...)
}

// drives runs nm-connection-editor with options and drives it, see testdata/edit.py.
func (w *world) drives(options string, steps ...string) {
	w.t.Helper()
	w.drivesIn(nil, options, steps...)
}

// drivesIn is drives with something added to the environment, as a theme.
func (w *world) drivesIn(env []string, options string, steps ...string) {
	w.t.Helper()
	script, err := filepath.Abs("testdata/edit.py")
	w.ok(err)
	w.clicks(netns.Command{Env: append(env, "HOME="+w.t.TempDir(), "XDG_RUNTIME_DIR="+w.t.TempDir())}, script, options, steps...)
}

// clicks runs nm-connection-editor with options, as whom c says, and drives it by the script.
func (w *world) clicks(c netns.Command, script, options string, steps ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 110*time.Second)
	defer cancel()
	c.Args = append([]string{"dbus-run-session", "--", "xvfb-run", "-a", "-s", "-screen 0 1024x600x24", "/usr/bin/python3", script, options}, steps...)
	c.Env = append(c.Env, "GSETTINGS_BACKEND=memory", "GDK_BACKEND=x11")
	res, err := w.Desktop.Run(ctx, c)
	w.ok(err)
	if res.Code != 0 {
		w.t.Fatal(res.Text())
	}
	if strings.Contains(res.Stderr, "internal error in the SoftEther plugin") {
		w.t.Error(res.Stderr)
	}
}

func TestPersonEditsAConnectionInNMConnectionEditorAndConnects(t *testing.T) {
	w := network(t)
	v := ipv4Only(w.profile("office", softether.HubNAT, softether.Alice))
	v.Data["user"], v.Data["made-up"] = "nobody", "kept"
	w.ok(w.Desktop.Add(w.ctx, v))
	w.edits("office", "Server="+plan.ServerName4, "Virtual hub="+softether.HubOffice, "User name="+softether.Alice.Name, "Password="+softether.Alice.Password, "!Save")
	data := w.get("office", "vpn.data")
	for _, item := range []string{"hub = " + softether.HubOffice, "user = " + softether.Alice.Name, "made-up = kept", "server-cert-sha256 = "} {
		if !strings.Contains(data, item) {
			t.Errorf("vpn.data lacks %s: %s", item, data)
		}
	}
	if got := w.get("office", "ipv4.dns-priority,ipv6.dns-priority"); got != "-50\n-50" {
		t.Errorf("DNS priorities of a full tunnel are %q", got)
	}
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)
	w.down("office")
}

func TestWrongInputCannotBeSavedInNMConnectionEditor(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.profile("office", softether.HubOffice, softether.Alice)))
	w.edits("office", "Port=99999", "?Port: must be a number from 1 to 65535", "dead:Save", "Port=5555", "!Save")
	if data := w.get("office", "vpn.data"); !strings.Contains(data, "port = 5555") {
		t.Errorf("vpn.data is %s", data)
	}
}

func TestPersonImportsAFileInNMConnectionEditor(t *testing.T) {
	w := network(t)
	w.drives("--type=vpn --import="+official(t, "radius-http-proxy"), "Virtual hub=OTHER", "!Save")
	data := w.get("radius", "vpn.data")
	for _, item := range []string{"gateway = vpn.example.com", "hub = OTHER", "auth-type = plain-password", `proxy-server = proxy.example.com\:3128`} {
		if !strings.Contains(data, item) {
			t.Errorf("vpn.data lacks %s: %s", item, data)
		}
	}
	if got := w.get("radius", "vpn.secrets"); !strings.Contains(got, "password = pässword 密码") || !strings.Contains(got, "proxy-password = proxypw") {
		t.Errorf("vpn.secrets is %s", got)
	}
}

func TestPersonAddsAConnectionInNMConnectionEditor(t *testing.T) {
	w := network(t)
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	w.drives("--create --type=vpn", "=SoftEther VPN", "!Create…", "Connection name=added", "Server="+plan.ServerName4, "Virtual hub="+softether.HubOffice,
		"?User name: ", "dead:Save", "User name="+softether.Alice.Name, "Password="+softether.Alice.Password,
		">Server certificate", "Fingerprint (SHA-256)="+fingerprint, "!Save")
	if got := w.get("added", "connection.type"); got != "vpn" {
		t.Errorf("the type is %s", got)
	}
	w.ok(w.Desktop.Up(w.ctx, "added"))
	w.pings(plan.OfficeInner)
	w.down("added")
}

// The person takes the connection to another computer: what the window exports, nmcli imports.
func TestPersonExportsAConnectionInNMConnectionEditor(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.profile("office", softether.HubOffice, softether.Alice)))
	file := filepath.Join(t.TempDir(), "taken.vpn")
	w.edits("office", "!Export…", "in:Export", "Name:="+file, "!Save", "exists:"+file, "in:Editing", "!Cancel")
	w.ok(w.Desktop.Clean(w.ctx))
	if res := w.importFile(file); res.Code != 0 {
		t.Fatal(res.Text())
	}
	data := w.get("office", "vpn.data")
	for _, item := range []string{"gateway = " + plan.ServerName, "hub = " + softether.HubOffice, "user = " + softether.Alice.Name} {
		if !strings.Contains(data, item) {
			t.Errorf("vpn.data lacks %s: %s", item, data)
		}
	}
}

func TestAdvancedSettingsAreSavedInNMConnectionEditor(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.profile("office", softether.HubOffice, softether.Alice)))
	w.edits("office", ">Transport", "Number of TCP connections=8", "+Use data compression", "UDP acceleration=Never",
		">Proxy", "Proxy type=HTTP", "?Proxy address: ", "dead:Save", "Proxy address=proxy.example.com:3128",
		">Network device", "MTU=9", "?MTU: must be", "MTU=1400", ">Reconnecting", "Number of attempts (0: no limit)=5", "!Save")
	data := w.get("office", "vpn.data")
	for _, item := range []string{"max-connections = 8", "compression = yes", "udp-acceleration = no", "proxy-type = http", `proxy-server = proxy.example.com\:3128`, "mtu = 1400", "reconnect-attempts = 5"} {
		if !strings.Contains(data, item) {
			t.Errorf("vpn.data lacks %s: %s", item, data)
		}
	}
}

// A section that is folded is not there for the keyboard; one that is unfolded is seen, and its fields come in their order.
func TestKeyboardWalksThePageInNMConnectionEditor(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.profile("office", softether.HubOffice, softether.Alice)))
	w.edits("office", "focus:Server", "tab:Port", "tab:Virtual hub", "tab:", "tab:User name", "tab:Password", "tab:", "tab:Show passwords",
		"tab:Server certificate", "tab:Proxy", "tab:Transport", "tab:Network device", "tab:Reconnecting", "tab:Outside the VPN",
		">Reconnecting", "sees:Number of attempts (0: no limit)", "focus:Reconnecting", "tab:Seconds between attempts", "tab:Number of attempts (0: no limit)", "tab:Outside the VPN",
		">Transport", "sees:Number of TCP connections", "focus:Transport", "tab:", "tab:Number of TCP connections", "tab:Use data compression", "!Cancel")
}

func TestProblemInAFoldedSectionIsShownInNMConnectionEditor(t *testing.T) {
	w := network(t)
	v := w.profile("office", softether.HubOffice, softether.Alice)
	v.Data["mtu"] = "9"
	w.ok(w.Desktop.Add(w.ctx, v))
	w.edits("office", "?MTU: must be a number from 576 to 1500", "dead:Save", "unfolded:Network device", "sees:MTU", "form:", "MTU=1400", "form:",
		"Server=a b", "?Server: the host name contains", "form:", "Server="+plan.ServerName, "!Save")
	if data := w.get("office", "vpn.data"); !strings.Contains(data, "mtu = 1400") {
		t.Errorf("vpn.data is %s", data)
	}
}

// Whatever is typed first, what contradicts itself is not saved.
func TestContradictionsAreToldInNMConnectionEditor(t *testing.T) {
	w := network(t)
	for name, steps := range map[string][]string{
		"server first":      {"Server=vpn.example.com:5555", "Port=443"},
		"port first":        {"Port=443", "Server=vpn.example.com:5555"},
		"another port":      {"Port=992", "Server=vpn.example.com:5555"},
		"taken for granted": {"Server=[2001:db8::1]:5555", "Port=443"},
	} {
		w.ok(w.Desktop.Add(w.ctx, w.profile(name, softether.HubOffice, softether.Alice)))
		w.edits(name, append(steps, "?Port: the server already has port 5555", "dead:Save", "Port=", "!Save")...)
		if data := w.get(name, "vpn.data"); !strings.Contains(data, `\:5555`) || strings.Contains(data, "port = ") {
			t.Errorf("%s: vpn.data is %s", name, data)
		}
	}
	w.ok(w.Desktop.Add(w.ctx, w.profile("others", softether.HubOffice, softether.Alice)))
	w.edits("others", "Server=vpn.example.com/pc7", "?Protocol: a server name after the slash (pc7) requires UDP", "dead:Save", "unfolded:Transport", "Protocol=UDP (NAT traversal)",
		">Proxy", "Proxy type=HTTP", "Proxy address=proxy.example.com:3128", "?Protocol: only TCP is possible through a proxy", "dead:Save", "Proxy type=None",
		"Number of TCP connections=2", "+Use half-duplex mode", "Number of TCP connections=1", "?Use half-duplex mode: requires at least 2 TCP connections", "dead:Save",
		"+Use half-duplex mode", "!Save")
}
