// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A visitor does what the documents say.
type visitor struct {
	*world
	root string // of the source
	dir  string // where she types, at the desktop
	url  string // of the list of relays, once there is one
}

// trials are how a command is tried, by its first word.
var trials = map[string]func(*visitor, shown) error{
	"make":                 (*visitor).makes,
	"meson":                (*visitor).meson,
	"go":                   (*visitor).goes,
	"nmcli":                (*visitor).nmcli,
	"journalctl":           (*visitor).journalctl,
	"openssl":              (*visitor).openssl,
	"nm-softether-vpngate": (*visitor).vpngates,
	"nm-softether-status":  (*visitor).status,
	"man":                  (*visitor).namesFiles,
	"msgmerge":             (*visitor).namesFiles,
	"apt":                  (*visitor).namesPackages,
	"packaging/try-deb":    (*visitor).script,
}

// namesFiles is for programs of which only the files are ours.
func (v *visitor) namesFiles(s shown) error {
	var errs []error
	for _, word := range s.words[1:] {
		if strings.Contains(word, "/") {
			_, err := os.Stat(filepath.Join(v.root, word))
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// namesPackages cannot install what is for another Debian; ours are in lab/packages, which the lab stands on.
func (v *visitor) namesPackages(s shown) error {
	packages, err := os.ReadFile(filepath.Join(v.root, "lab", "packages"))
	if err != nil {
		return err
	}
	for _, word := range s.words[2:] {
		ours := strings.HasPrefix(word, "network-manager-softether") || strings.HasPrefix(word, "./")
		backport := strings.Contains(s.line, "-backports") && (strings.HasPrefix(word, "golang-") || strings.HasSuffix(word, "-backports"))
		if !ours && !backport && !strings.HasPrefix(word, "-") && !strings.Contains("\n"+string(packages), "\n"+word+"\n") {
			return fmt.Errorf("%s is not in lab/packages", word)
		}
	}
	return nil
}

func (v *visitor) journalctl(s shown) error {
	_ = v.Desktop.Up(v.ctx, "Nothing") // whatever else is there
	if err := v.Desktop.Add(v.ctx, v.at("203.0.113.10:444")); err != nil {
		return err
	}
	_ = v.Desktop.Up(v.ctx, "elsewhere")
	out, err := v.types(v.Desktop.Host, s.line, "")
	if err == nil && !strings.Contains(out, "remedy: ") {
		err = fmt.Errorf("it does not show the remedy, but: %s", out)
	}
	return err
}

func (v *visitor) openssl(s shown) error {
	fingerprint, err := v.Server.Fingerprint(v.ctx)
	if err != nil {
		return err
	}
	host := v.Desktop.Host
	if strings.Contains(s.line, "localhost") {
		host = v.Internet
	}
	out, err := v.types(host, s.line, "")
	if err == nil && !strings.Contains(out, colons(fingerprint)) {
		err = fmt.Errorf("it does not show the fingerprint, but: %s", out)
	}
	return err
}

func (v *visitor) vpngates(s shown) error {
	if v.url == "" {
		v.url = v.relays()
	}
	res := v.vpngate(nil, append(slices.Clone(s.words[1:]), "--url", v.url)...)
	if res.Code != 0 && !strings.Contains(res.Text(), "no relay") && !strings.Contains(res.Text(), "No relay") {
		return fmt.Errorf("exit status %d: %s", res.Code, res.Text())
	}
	return nil
}

func (v *visitor) status(s shown) error {
	stage, err := desktop.Stage()
	if err != nil {
		return err
	}
	if err := v.ready(s.line); err != nil {
		return err
	}
	_, err = v.types(v.Desktop.Host, filepath.Join(stage, "usr/bin", s.line), "")
	return err
}

// types has a shell on a computer of the lab do the line, with the lab's names for what the documents make up.
func (v *visitor) types(host *netns.Host, line, stdin string) (string, error) {
	fingerprint, err := v.Server.Fingerprint(v.ctx)
	if err != nil {
		return "", err
	}
	line = strings.NewReplacer("vpn.example.com", plan.ServerName, "user=joe", "user="+softether.Alice.Name, "password=…", "password="+softether.Alice.Password,
		"password=...", "password="+softether.Alice.Password, "sha256-…", "sha256-"+fingerprint).Replace(line)
	res, err := host.Run(v.ctx, netns.Command{Args: []string{"sh", "-c", "cd " + v.dir + " && " + line}, Stdin: stdin})
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("exit status %d: %s", res.Code, res.Text())
	}
	return res.Text(), err
}
