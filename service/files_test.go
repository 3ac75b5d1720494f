// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"network-manager-softether/profile"
)

// These tests change identities, so they need root, as the service has.
func TestFilesAreReadWithTheRightsOfTheProfilesUser(t *testing.T) {
	dir, err := os.MkdirTemp("", "files") // t.TempDir is for root alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret, public := write("secret", 0o600), write("public", 0o644)
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}

	for _, tt := range []struct {
		name, path string
		users      []string
		want       string
		err        error  // nil: none, or any with text in it
		text       string // in the error
	}{
		{"a profile for everybody is an administrator's", secret, nil, "secret", nil, ""},
		{"somebody's profile, a file for all", public, []string{"nobody"}, "public", nil, ""},
		{"somebody's profile, root's file", secret, []string{"nobody"}, "", fs.ErrPermission, "with the rights of nobody"},
		{"somebody's profile, a link to root's file", filepath.Join(dir, "link"), []string{"nobody"}, "", fs.ErrPermission, ""},
		{"several users", public, []string{"nobody", "root"}, "", nil, "several users"},
		{"a user that does not exist", public, []string{"no-such-user"}, "", nil, "no-such-user"},
		{"a FIFO does not block", fifo, nil, "", nil, "not a regular file"},
		{"a missing file", filepath.Join(dir, "missing"), nil, "", fs.ErrNotExist, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := new(profileFiles).content(profile.File{Path: tt.path}, tt.users)
			if string(got) != tt.want {
				t.Errorf("read %q, want %q", got, tt.want)
			}
			switch {
			case tt.err == nil && tt.text == "":
				if err != nil {
					t.Error(err)
				}
			case err == nil:
				t.Error("no error")
			case tt.err != nil && !errors.Is(err, tt.err), !strings.Contains(err.Error(), tt.text):
				t.Errorf("error %v, want %v with %q", err, tt.err, tt.text)
			}
			if _, err := os.ReadFile(secret); err != nil {
				t.Errorf("the process has lost its own rights: %v", err)
			}
		})
	}
}

func TestInlineTextIsTakenAsItIs(t *testing.T) {
	got, err := new(profileFiles).content(profile.File{PEM: "-----BEGIN"}, []string{"nobody", "root"})
	if err != nil || string(got) != "-----BEGIN" {
		t.Errorf("%q, %v", got, err)
	}
}
