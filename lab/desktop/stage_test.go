// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProgramsAreThoseOfTheStage(t *testing.T) {
	dir := t.TempDir()
	put := func(path string) string {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	find := func(stage string) (Plugin, error) {
		t.Setenv(stageDirVar, filepath.Join(dir, stage))
		var o Plugin
		return o, o.FindPrograms()
	}

	if _, err := find("stage"); err == nil || !strings.Contains(err.Error(), "make stage") {
		t.Errorf("a folder that is not there: %v", err)
	}
	want := Plugin{
		Service:    put("stage/opt/lib/NetworkManager/nm-softether-service"),
		AuthDialog: put("stage/opt/lib/NetworkManager/nm-softether-auth-dialog"),
		Notifier:   put("stage/opt/lib/NetworkManager/nm-softether-notify"),
		Policy:     put("stage/opt/share/dbus-1/system.d/nm-softether-service.conf"),
	}
	t.Setenv(stageDirVar, filepath.Join(dir, "stage"))
	var got Plugin
	if err := got.FindPrograms(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without an editor (-want +got):\n%s", diff)
	}
	want.Editor = put("stage/opt/lib64/NetworkManager/libnm-vpn-plugin-softether.so")
	if err := got.FindPrograms(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected programs (-want +got):\n%s", diff)
	}
	put("nm-softether-service") // as in a build folder, which has the stage in it
	if _, err := find("."); err == nil || !strings.Contains(err.Error(), "2 times") {
		t.Errorf("the folder around the stage: %v", err)
	}
}

func TestTheLabRunsRootsCopyOfTheStage(t *testing.T) {
	before := syscall.Umask(0o022) // as in the lab
	t.Cleanup(func() { syscall.Umask(before) })
	dir := filepath.Join(t.TempDir(), "stage")
	for _, name := range []string{"a/program", "b/library"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, 1000, 1000); err != nil {
			t.Fatal(err)
		}
	}
	c := rootCopies{made: make(map[string]string)}
	got, err := c.of(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(got) })
	for _, name := range []string{"a/program", "b/library"} {
		st, err := os.Stat(filepath.Join(got, name))
		if err != nil {
			t.Fatal(err)
		}
		if uid := st.Sys().(*syscall.Stat_t).Uid; uid != 0 || st.Mode() != 0o755 {
			t.Errorf("%s belongs to %d and has the mode %v", name, uid, st.Mode())
		}
	}
	if again, err := c.of(dir); err != nil || again != got {
		t.Errorf("the second time it is %s (%v), not %s again", again, err, got)
	}
}

func TestStageIsTheTreesOwn(t *testing.T) {
	t.Setenv(stageDirVar, "")
	got, err := Stage()
	if err != nil {
		t.Fatal(err)
	}
	if !isFile(filepath.Join(got, "../../go.mod")) {
		t.Errorf("the stage is %s, not build/stage below go.mod", got)
	}
}
