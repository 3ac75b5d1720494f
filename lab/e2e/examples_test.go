// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

const examples = "../../data/examples/"

// connections is the folder NetworkManager reads profiles from.
const connections = "/etc/NetworkManager/system-connections/"

// loads has NetworkManager read a keyfile, and returns what nmcli then says of the profile.
func (w *world) loads(name, text string) string {
	w.t.Helper()
	id := ""
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, "id="); ok {
			id = strings.TrimSpace(v)
			break
		}
	}
	path := connections + name
	w.ok(w.Desktop.WriteFile(path, text))
	w.ok(os.Chmod(w.Desktop.Path(path), 0o600))
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "load", path)
	w.ok(err)
	out, err := w.Desktop.MustNMCLI(w.ctx, "-f", "all", "connection", "show", id)
	w.ok(err)
	return out
}

// TestExampleKeyfilesAreLoaded has NetworkManager itself read every example.
func TestExampleKeyfilesAreLoaded(t *testing.T) {
	w := network(t)
	files, err := filepath.Glob(examples + "*.nmconnection")
	w.ok(err)
	if len(files) < 6 {
		t.Fatalf("only %d examples", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		w.ok(err)
		shown := w.loads(filepath.Base(file), string(text))
		for _, want := range []string{"vpn.service-type:", "org.freedesktop.NetworkManager.softether", "gateway = ", "hub = "} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: no %q in\n%s", file, want, shown)
			}
		}
	}
}

// yamlStrings reads a YAML file and returns the texts in it that are keyfiles, by the names of the files they are for.
func yamlStrings(t *testing.T, file string) map[string]string {
	t.Helper()
	const walk = `
import json, sys, yaml
found = {}
def look(x):
    if isinstance(x, dict):
        to = x.get("dest") or x.get("path")
        if to and "content" in x:
            found[to] = x["content"]
        for v in x.values():
            look(v)
    elif isinstance(x, list):
        for v in x:
            look(v)
look(yaml.safe_load(open(sys.argv[1])))
json.dump(found, sys.stdout)`
	out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", walk, file).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	if err := json.Unmarshal(out, &found); err != nil || len(found) == 0 {
		t.Fatalf("no keyfile in %s: %v", file, err)
	}
	return found
}

// TestExamplesOfTheToolsOfAdministratorsConnect loads the profiles in the examples for Ansible and cloud-init with the lab's
// server in the place of theirs, and connects.
func TestExamplesOfTheToolsOfAdministratorsConnect(t *testing.T) {
	w := network(t)
	pin, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	for file, name := range map[string]string{"ansible.yml": "Branch", "cloud-init.yaml": "Cloud"} {
		text, ok := yamlStrings(t, examples+file)[connections+name+".nmconnection"]
		if !ok {
			t.Fatalf("%s has no keyfile %s", file, name)
		}
		for _, change := range [][2]string{
			{"gateway=vpn.example.com", "gateway=" + plan.ServerName4},
			{"hub=BRANCHES", "hub=" + softether.HubOffice},
			{"hub=CLOUD", "hub=" + softether.HubOffice},
			{"user={{ inventory_hostname_short }}", "user=" + softether.Alice.Name},
			{"user=vm", "user=" + softether.Alice.Name},
			{"password={{ softether_password }}", "password=" + softether.Alice.Password},
			{"password=correct horse battery staple", "password=" + softether.Alice.Password},
			{"3F9C5A701B24DE086691AB3E57C0128DF40E7A99B5216CD348EF03951A7C82B6", pin},
		} {
			text = strings.ReplaceAll(text, change[0], change[1])
		}
		w.loads(name+".nmconnection", text)
		w.ok(w.Desktop.Up(w.ctx, name))
		w.pings(plan.OfficeGateway)
		w.down(name)
	}
}

// TestExampleOfNMCLIMakesConnections runs the script of the examples.
func TestExampleOfNMCLIMakesConnections(t *testing.T) {
	w := network(t)
	text, err := os.ReadFile(examples + "nmcli.sh")
	w.ok(err)
	r, err := w.Desktop.Run(w.ctx, netns.Command{Args: []string{"sh"}, Stdin: string(text)})
	w.ok(err)
	if r.Code != 0 {
		t.Fatalf("%s", r.Text())
	}
	for _, name := range []string{"Office-split", "Everything"} {
		if _, err := w.Desktop.MustNMCLI(w.ctx, "connection", "show", name); err != nil {
			t.Error(err)
		}
	}
}

// TestExampleForImportIsImported takes the .vpn file as a person does with "Import from file".
func TestExampleForImportIsImported(t *testing.T) {
	w := network(t)
	file, err := filepath.Abs(examples + "office.vpn")
	w.ok(err)
	if r := w.importFile(file); r.Code != 0 {
		t.Fatalf("%s", r.Text())
	}
	out, err := w.Desktop.MustNMCLI(w.ctx, "-g", "vpn.data", "connection", "show", "Office of Example")
	w.ok(err)
	for _, want := range []string{"gateway = vpn.example.com", "hub = OFFICE", "user = joe", "max-connections = 8"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
}
