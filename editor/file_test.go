// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/profile"
	"network-manager-softether/profile/vpnfile"
)

func TestOnlyVpnFilesAreImported(t *testing.T) {
	dir := t.TempDir()
	pipe, foreign, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "x.ovpn"), filepath.Join(dir, "large")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.WriteFile(foreign, []byte("client\n"), 0o600), os.WriteFile(large, nil, 0o600), os.Truncate(large, 1<<40)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		pipe: vpnfile.ErrForeign, foreign: vpnfile.ErrForeign, large: vpnfile.ErrForeign, dir: vpnfile.ErrForeign, "/dev/zero": vpnfile.ErrForeign,
		filepath.Join(dir, "missing"): fs.ErrNotExist,
	} {
		began := time.Now()
		if _, _, err := importFile(path); !errors.Is(err, want) || !strings.Contains(plain(err), path) {
			t.Errorf("%s: %v", path, err)
		}
		if took := time.Since(began); took > time.Minute { // reading any of them to its end is for ever
			t.Errorf("%s: took %v", path, took)
		}
	}
}

func TestExportIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.vpn")
	if err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte("old"), 9999), 0o644), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	c := &vpnfile.Connection{ID: "Work", Data: map[string]string{"gateway": "vpn.example.com", "user": "joe", "auth-type": "plain-password"}, Secrets: map[string]string{"password": "x"}}
	if _, err := exportFile(path, c); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	back, _, err := importFile(path)
	if err != nil || back.ID != "Work" || back.Secrets["password"] != "x" {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestExportThatFailsWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.vpn")
	var missing *profile.MissingError
	if _, err := exportFile(path, &vpnfile.Connection{}); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}

func TestSuggestedNamesAreFileNames(t *testing.T) {
	for id, want := range map[string]string{
		"Work": "Work.vpn", "東京 office": "東京 office.vpn", "a/b": "a_b.vpn", "../x": "_x.vpn", "": "softether.vpn", "...": "softether.vpn",
		"a\nb": "a_b.vpn", "\xff": "_.vpn", strings.Repeat("é", 120): strings.Repeat("é", 100) + ".vpn",
	} {
		if got := fileName(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}

// A panic that left an exported function would end the settings program.
func TestPanicsStayInside(t *testing.T) {
	exported := func() {
		defer guard(nil)
		panic("a mistake")
	}
	exported()
}

// Every function that C calls begins with the guard.
func TestEveryExportedFunctionIsGuarded(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Doc == nil || !strings.HasPrefix(f.Doc.List[len(f.Doc.List)-1].Text, "//export ") {
				continue
			}
			found++
			first, ok := f.Body.List[0].(*ast.DeferStmt)
			if !ok || fmt.Sprint(first.Call.Fun) != "guard" {
				t.Errorf("%s: %s does not begin with defer guard", name, f.Name.Name)
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d exported functions found", found)
	}
}
