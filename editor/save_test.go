// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// oldFile makes a file of its own directory that others can read.
func oldFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.vpn")
	if err := errors.Join(os.WriteFile(path, []byte("old"), 0o644), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	return path
}

// onlyFile checks what a file contains, that only its owner can read it, and that no other is beside it.
func onlyFile(t *testing.T, path, want string, mode fs.FileMode) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != want {
		t.Errorf("it contains %q, not %q: %v", text, want, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != mode {
		t.Errorf("mode %v, want %v: %v", st.Mode(), mode, err)
	}
	if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 1 {
		t.Errorf("in its directory are %v: %v", list, err)
	}
}

func TestTheOldFileSurvivesAFullDisk(t *testing.T) {
	path := oldFile(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	full := limit
	full.Cur = 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	err := save(path, []byte(strings.Repeat("new", 1000)))
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); e != nil {
		t.Fatal(e)
	}
	if !errors.Is(err, syscall.EFBIG) || !strings.HasPrefix(plain(err), path+": ") {
		t.Errorf("got %v", err)
	}
	onlyFile(t, path, "old", 0o644)
}

func TestSavingReplacesAFile(t *testing.T) {
	path := oldFile(t)
	reader, err := os.Open(path) // has the old file, whatever is written meanwhile
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := save(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path, "new", 0o600)
	still := make([]byte, 9)
	if n, _ := reader.Read(still); string(still[:n]) != "old" {
		t.Errorf("it was written over: %q", still[:n])
	}
}

func TestSavingFollowsALink(t *testing.T) {
	for name, target := range map[string]string{"to a file": oldFile(t), "to nothing": filepath.Join(t.TempDir(), "new.vpn")} {
		link := filepath.Join(t.TempDir(), "link.vpn")
		if err := errors.Join(os.Symlink(target, link), save(link, []byte("new"))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if to, err := os.Readlink(link); err != nil || to != target {
			t.Errorf("%s: the link is gone: %v", name, err)
		}
		onlyFile(t, target, "new", 0o600)
	}
}

// A file with two names stays one file.
func TestSavingKeepsHardLinks(t *testing.T) {
	path := oldFile(t)
	other := filepath.Join(t.TempDir(), "other.vpn")
	if err := errors.Join(os.Link(path, other), save(path, []byte("ne"))); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, other, "ne", 0o600)
}

// Where nothing can be written but the file itself, that is written.
func TestSavingNeedsTheFileAlone(t *testing.T) {
	path := oldFile(t)
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700) // to be removed afterwards
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // which ends with the goroutine: it has lost root's rights to files
		h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var caps [2]unix.CapUserData
		err := unix.Capget(&h, &caps[0])
		caps[0].Effective &^= 1 << unix.CAP_DAC_OVERRIDE
		if err = errors.Join(err, unix.Capset(&h, &caps[0])); err != nil {
			failed <- err
			return
		}
		if _, err := os.CreateTemp(dir, "x"); !errors.Is(err, fs.ErrPermission) {
			failed <- fmt.Errorf("the directory is no obstacle: %w", err)
			return
		}
		failed <- save(path, []byte("ne"))
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path, "ne", 0o600)
}

// A device or a pipe is written to, and stays what it is.
func TestSavingWritesToAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if err := save(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 9)
	if n, err := pipe.Read(got); err != nil || string(got[:n]) != "new" {
		t.Errorf("got %q, %v", got[:n], err)
	}
}

// Somebody's file stays theirs when root writes it.
func TestSavingKeepsTheOwner(t *testing.T) {
	path := oldFile(t)
	owner := os.Geteuid()
	if owner == 0 {
		owner = 65534
		if err := os.Chown(path, owner, -1); err != nil {
			t.Fatal(err)
		}
	}
	if err := save(path, []byte("ne")); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path, "ne", 0o600)
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil || int(st.Uid) != owner {
		t.Errorf("it belongs to %d, not to %d: %v", st.Uid, owner, err)
	}
}
