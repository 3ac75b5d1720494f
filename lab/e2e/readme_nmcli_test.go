// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// theirs is the connection of the documents.
const theirs = "Work"

// nmcli does the line on a desktop on which it makes sense.
func (v *visitor) nmcli(s shown) error {
	if err := v.ready(s.line); err != nil {
		return err
	}
	// Who is asked, has the password, and the administrator's word for the fingerprint.
	out, err := v.types(v.Desktop.Host, s.line, softether.Alice.Password+"\nyes\n")
	switch {
	case err != nil:
		return err
	case strings.Contains(s.line, "general logging"):
		return v.Desktop.LogAsDebian(v.ctx)
	case strings.Contains(s.line, "connection export") && !strings.Contains(out, plan.ServerName):
		return fmt.Errorf("it shows no file, but: %s", out)
	case strings.Contains(s.line, "connection up"):
		_, err = v.Desktop.Ping(v.ctx, plan.OfficeGateway)
	}
	return err
}

// ready makes what the line is about, or takes it away where the line makes it.
func (v *visitor) ready(line string) error {
	state, err := v.Desktop.State(theirs)
	if err != nil {
		return err
	}
	out, err := v.Desktop.MustNMCLI(v.ctx, "-g", "NAME", "connection", "show")
	if err != nil {
		return err
	}
	there := slices.Contains(strings.Split(out, "\n"), theirs)
	making := strings.Contains(line, "connection add") || strings.Contains(line, "connection import")
	if making {
		if err := v.theFile(there); err != nil {
			return err
		}
		return v.Desktop.Clean(v.ctx)
	}
	if !there {
		fingerprint, err := v.Server.Fingerprint(v.ctx)
		if err != nil {
			return err
		}
		vpn := v.profile(theirs, softether.HubOffice, softether.Alice)
		delete(vpn.Data, "server-cert-sha256")
		vpn.Secrets = map[string]string{"trust-sha256-" + fingerprint: "yes"}
		if err := v.Desktop.Add(v.ctx, vpn); err != nil {
			return err
		}
	}
	up := state == desktop.Activated
	switch {
	case strings.Contains(line, "connection up") && up:
		return v.Desktop.Down(v.ctx, theirs)
	case strings.Contains(line, "connection down") && !up:
		return v.Desktop.Up(v.ctx, theirs)
	}
	return nil
}

// theFile is the one that a person was given.
func (v *visitor) theFile(there bool) error {
	if !there {
		if err := v.ready(""); err != nil {
			return err
		}
	}
	file, err := v.Desktop.MustNMCLI(v.ctx, "connection", "export", theirs)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(v.dir, theirs+".vpn"), []byte(file), 0o644)
}

// TestInstalledIsWhatUninstallTakesAway does what the documents say about the system in a folder that stands for it.
func TestInstalledIsWhatUninstallTakesAway(t *testing.T) {
	stage, err := desktop.BuiltStage()
	if err != nil {
		t.Fatal(err)
	}
	system := t.TempDir()
	files := func(dir string) []string {
		t.Helper()
		var list []string
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				list = append(list, strings.TrimPrefix(path, dir))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, target := range []string{"install", "uninstall"} {
		// The build that the stage is of: only root's own files are in it, so root takes care of them.
		c := exec.CommandContext(t.Context(), "make", target, "BUILD="+filepath.Dir(stage), "DESTDIR="+system)
		c.Dir = sourceTree(t)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}
		var want []string
		if target == "install" {
			want = files(stage)
		}
		if got := files(system); !slices.Equal(got, want) {
			t.Errorf("after make %s there are the files %v, want %v", target, got, want)
		}
	}
}
