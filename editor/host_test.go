// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLibraryInsideSettingsPrograms loads the library into processes with GTK 3, GTK 4 and none, the way nm-connection-editor,
// GNOME Settings and nmcli do. testdata/host.py is the test proper.
func TestLibraryInsideSettingsPrograms(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	library := filepath.Join(t.TempDir(), "libnm-vpn-plugin-softether.so")
	exports, err := filepath.Abs("exports.map")
	if err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-buildmode=c-shared",
		"-ldflags=-s -w -extldflags=-Wl,--version-script="+exports, "-o", library, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	display := startXvfb(t)
	for _, gtk := range []string{"0", "3", "4"} {
		t.Run("GTK"+gtk, func(t *testing.T) {
			host := exec.CommandContext(ctx, "/usr/bin/python3", "testdata/host.py", gtk, library, "../profile/vpnfile/testdata/vpncmd")
			host.Env = append(os.Environ(), "DISPLAY="+display, "GDK_BACKEND=x11", "LC_ALL=C.UTF-8", "GSETTINGS_BACKEND=memory", "NO_AT_BRIDGE=1", "GTK_A11Y=none", "GSK_RENDERER=cairo")
			out, err := host.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Error(err)
			}
			if strings.Contains(string(out), "CRITICAL") || strings.Contains(string(out), "WARNING") || strings.Contains(string(out), "Gtk-Message") {
				t.Error("the toolkit complains")
			}
		})
	}
}

// Every program that loads the library pays for what its packages bring along: these cost it most (lab/e2e measures
// the whole).
func TestLibraryLeavesOutWhatIsLarge(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if slices.Contains([]string{"crypto/x509", "crypto/tls", "net", "net/http", "log/slog", "encoding/json", "math/big", "regexp"}, dep) || dep == "crypto" || dep == "golang.org/x/text/width" || strings.HasPrefix(dep, "crypto/") {
			t.Errorf("the library is linked with %s", dep)
		}
	}
}

// startXvfb starts a virtual screen and returns its name.
func startXvfb(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1024x600x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = x.Process.Kill()
		_ = x.Wait()
	})
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var number strings.Builder
	for b := make([]byte, 1); ; {
		if _, err := io.ReadFull(r, b); err != nil {
			t.Fatalf("Xvfb tells no display: %v", err)
		}
		if b[0] == '\n' {
			return ":" + number.String()
		}
		number.Write(b)
	}
}
