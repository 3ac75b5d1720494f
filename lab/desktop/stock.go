// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// The desktop runs Debian's own NetworkManager, journald, D-Bus and polkit with the configuration from their
// packages, read from where they install it. These are all the respects in which it differs from a freshly
// installed Debian, each with the reason. A test that wants another configuration makes it itself, see
// [Desktop.LogMore].
var departures = []struct {
	what, why string
	make      func(d *Desktop) error // nil: made where the desktop is
}{
	{
		"/etc/NetworkManager is empty but for Debian's NetworkManager.conf and the profiles of the two cables",
		"what the machine's owner has configured must not decide a test", (*Desktop).stockConfig,
	},
	{"/etc/network is empty", "NetworkManager's plugin ifupdown would take the machine's interfaces for the desktop's", (*Desktop).noInterfaces},
	{
		"/etc/polkit-1 has one rule, and none of the machine's",
		"only logind knows that somebody sits at this computer, and it does not run without systemd: the rule says so of the person",
		(*Desktop).presence,
	},
	{"the .name file leads to the programs under test, and is alone", "they are not installed on the machine", (*Desktop).putNameFile},
	{"/etc/nsswitch.conf asks files and DNS only", "the machine's own services are not those of the desktop", nil},
	{"/dev/kmsg is empty", "the journal would take in what the machine's kernel says", nil},
	{"/sys is read-only", "it stands for udev, which does not run: NetworkManager then takes interfaces as they are", nil},
	{"programs are started by the lab, with the capabilities and the read-only /usr of their systemd units", "systemd does not run", nil},
}

// depart prepares the desktop's files.
func (d *Desktop) depart() error {
	for _, dep := range departures {
		if dep.make == nil {
			continue
		}
		if err := dep.make(d); err != nil {
			return fmt.Errorf("%s: %w", dep.what, err)
		}
	}
	return nil
}

// debianNM is the NetworkManager.conf of Debian's package, without a word about logging, DNS or authorisation.
const debianNM = `[main]
plugins=ifupdown,keyfile

[ifupdown]
managed=false
`

// stockConfig makes the profiles readable for root only, or NetworkManager ignores them.
func (d *Desktop) stockConfig() error {
	err := d.put("/etc/NetworkManager/NetworkManager.conf", debianNM, 0o644)
	for i, b := range plan.Bases {
		err = errors.Join(err, d.put("/etc/NetworkManager/system-connections/"+b.Profile+".nmconnection", keyfile(b, i == 0), 0o600))
	}
	return err
}

func (d *Desktop) noInterfaces() error {
	return d.put("/etc/network/interfaces", "", 0o644)
}

func (d *Desktop) putNameFile() error {
	if d.plugin.Installed {
		return nil
	}
	return d.put(vpnDir+"/nm-softether-service.name", d.nameFile(), 0o644)
}

// presence permits the person, without a password, what Debian permits somebody who sits at the computer
// (allow_active), and what it permits members of netdev, to whom the first user of a Debian belongs.
func (d *Desktop) presence() error {
	const policy = "/usr/share/polkit-1/actions/org.freedesktop.NetworkManager.policy"
	text, err := os.ReadFile(policy)
	if err != nil {
		return err
	}
	var config struct {
		Actions []struct {
			ID     string `xml:"id,attr"`
			Active string `xml:"defaults>allow_active"`
		} `xml:"action"`
	}
	if err := xml.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("%s: %w", policy, err)
	}
	var allowed []string
	for _, a := range config.Actions {
		if a.Active == "yes" {
			allowed = append(allowed, a.ID)
		}
	}
	rule := fmt.Sprintf(`polkit.addRule(function(action, subject) {
	var allowed = %q.split(" ");
	var netdev = "org.freedesktop.NetworkManager.settings.modify.system";
	if (subject.user == %q && (allowed.indexOf(action.id) >= 0 || action.id == netdev && subject.isInGroup("netdev")))
		return polkit.Result.YES;
});
`, strings.Join(allowed, " "), netns.PersonName)
	return d.put("/etc/polkit-1/rules.d/50-present.rules", rule, 0o644)
}

// put writes a file below one of the desktop's private directories.
func (d *Desktop) put(path, text string, mode os.FileMode) error {
	path = d.Path(path)
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode))
}

// withoutKernelLog hides /dev/kmsg from the programs of a host.
func withoutKernelLog() error {
	if _, err := os.Stat("/dev/kmsg"); err != nil {
		return nil // a container without one
	}
	return netns.Bind("/dev/null", "/dev/kmsg", unix.MS_RDONLY)
}
