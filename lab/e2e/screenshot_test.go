// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"network-manager-softether/lab/desktop"
)

// pictures is where pictures are kept if the variable SCREENSHOTS is set; without it they are taken, looked at as far
// as a test can, and thrown away, so that a run of the tests changes nothing.
func pictures(t *testing.T) string {
	t.Helper()
	if os.Getenv("SCREENSHOTS") == "" {
		return t.TempDir()
	}
	dir, err := filepath.Abs("../../data/screenshots")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Every page is whole on a screen of 1024x600: nothing sticks out of the window, and the window not out of the screen.
func TestSettingsPagesFitTheScreen(t *testing.T) {
	w := network(t)
	dir := pictures(t)
	v := desktop.VPN{Name: "Office", Password: "not shown", Data: map[string]string{"gateway": "vpn.example.com", "hub": "OFFICE", "user": "joe"}}
	w.ok(w.Desktop.Add(w.ctx, v))
	identity, advanced := []string{"?Show passwords"}, []string{">Server certificate", ">Transport", "Number of TCP connections=8", "scroll:"}
	wrong := []string{"Port=99999", "?Port: "}
	for _, page := range []struct {
		name  string
		env   []string
		steps []string
	}{
		{"editor-identity", nil, identity},
		{"editor-identity-dark", []string{"GTK_THEME=Adwaita:dark"}, identity},
		{"editor-advanced", nil, advanced},
		{"editor-advanced-dark", []string{"GTK_THEME=Adwaita:dark"}, advanced},
		{"editor-problem", nil, wrong},
		{"editor-right-to-left", speaks(t, "he"), []string{"right-to-left:Server", ">Reconnecting", "sees:Seconds between attempts", "right-to-left:Seconds between attempts"}}, // a language of GTK that is none of ours
		{"editor-certificate", nil, []string{"Authentication=Client certificate"}},
	} {
		t.Run(page.name, func(t *testing.T) {
			one := *w
			one.t = t
			cancel := "!Cancel"
			if page.name == "editor-right-to-left" {
				cancel = "!ביטול"
			}
			one.drivesIn(page.env, "--edit="+one.get("Office", "connection.uuid"),
				append(page.steps, "picture:"+filepath.Join(dir, page.name+".png"), cancel)...)
		})
	}
}

// speaks is the environment of a person whose language that is. A computer without any locale but C has one more for it, of
// another name: since glibc 2.39 there is no other language than English in C.UTF-8.
func speaks(t *testing.T, language string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink("/usr/lib/locale/C.utf8", filepath.Join(dir, "xx_XX.utf8")); err != nil {
		t.Fatal(err)
	}
	return []string{"LOCPATH=" + dir, "LC_ALL=xx_XX.UTF-8", "LANGUAGE=" + language}
}
