// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"network-manager-softether/profile"
	"network-manager-softether/service/sandbox"
)

// maxFile bounds how many bytes are read from a certificate or key file.
const maxFile = 1 << 20

// profileFiles reads the files that a profile names, each once: the privileges for that are given up before
// the server is contacted, and a password may be asked for afterwards.
type profileFiles struct {
	mu        sync.Mutex
	read      map[string][]byte // by path; guarded by mu
	forgotten bool              // guarded by mu: nothing more is kept

	readFor func(path string, users []string) ([]byte, error) // replaced in tests
}

// content returns what a file key names. A file named by a private profile is opened with the rights of that
// profile's user (CVE-2025-9615: root would read files for people who may not); one named by a profile for
// everybody, which only an administrator can create, with those of root.
func (fs *profileFiles) content(f profile.File, users []string) ([]byte, error) {
	if f.Path == "" {
		return []byte(f.PEM.Reveal()), nil
	}
	if b, ok := fs.known(f.Path); ok {
		return b, nil
	}
	read := readFor
	if fs.readFor != nil {
		read = fs.readFor
	}
	// Not under the lock: a file on a server that is away is waited for without an end, and the connection must be able
	// to end meanwhile.
	b, err := read(f.Path, users)
	if err != nil {
		return nil, err
	}
	if err := fs.keep(f.Path, b); err != nil {
		return nil, err
	}
	return b, nil
}

// readFor reads a file for the users of a profile, none meaning everybody.
func readFor(path string, users []string) ([]byte, error) {
	switch len(users) {
	case 0:
		return readRegular(path)
	case 1:
		return readAs(users[0], path)
	}
	return nil, fmt.Errorf("%s: the profile belongs to several users, so it is not clear whose file this is: put the PEM text into the profile", path)
}

func (fs *profileFiles) known(path string) (b []byte, ok bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	b, ok = fs.read[path]
	return b, ok
}

// errForgotten ends an attempt that nobody waits for any more.
var errForgotten = errors.New("the connection has ended")

// keep keeps what was read. After forget, it overwrites that and fails.
func (fs *profileFiles) keep(path string, b []byte) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.forgotten {
		clear(b)
		return errForgotten
	}
	if fs.read == nil {
		fs.read = make(map[string][]byte)
	}
	fs.read[path] = b
	return nil
}

// forget overwrites what was read, which includes private keys. It is called when nobody needs a file any more.
func (fs *profileFiles) forget() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, b := range fs.read {
		clear(b)
	}
	fs.read, fs.forgotten = nil, true
}

// readAs opens path with the identity of a user, on a thread that is thrown away afterwards.
func readAs(name, path string) ([]byte, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("%s: the profile's user: %w", path, err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("%s: the profile's user: %w", path, err)
	}
	groups := []uint32{uint32(gid)}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("%s: groups of %s: %w", path, name, err)
	}
	for _, id := range ids {
		if n, err := strconv.ParseUint(id, 10, 32); err == nil {
			groups = append(groups, uint32(n))
		}
	}
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		// Locked and never unlocked: the runtime ends the thread with the goroutine,
		// and its identity with it.
		runtime.LockOSThread()
		if err := becomeForFiles(uid, gid, groups); err != nil {
			done <- result{err: fmt.Errorf("%s: take the rights of %s: %w", path, name, err)}
			return
		}
		if err := sandbox.NoCoreDumps(); err != nil { // again: the change of user has let the sysctl decide
			done <- result{err: fmt.Errorf("%s: forbid core dumps: %w", path, err)}
			return
		}
		data, err := readRegular(path)
		if err != nil {
			err = fmt.Errorf("with the rights of %s: %w", name, err)
		}
		done <- result{data, err}
	}()
	r := <-done
	return r.data, r.err
}

// becomeForFiles gives this thread, and no other, the file system identity of a user. When it gives up uid 0,
// the kernel also takes away the capabilities that override file permissions (capabilities(7), "Effect of
// user ID changes").
func becomeForFiles(uid, gid int, groups []uint32) error {
	if err := sandbox.SetThreadGroups(groups); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := become("setfsgid", gid, unix.SetfsgidRetGid); err != nil {
		return err
	}
	return become("setfsuid", uid, unix.SetfsuidRetUid)
}

// become calls setfsuid(2) or setfsgid(2). The kernel reports no error: both return the previous identity, so
// a second call, with an identity that nobody can have, shows what the first one did. The calls themselves
// only fail if a system call filter denies them.
func become(call string, id int, set func(int) (int, error)) error {
	if _, err := set(id); err != nil {
		return fmt.Errorf("%s %d: %w", call, id, err)
	}
	got, err := set(-1)
	if err != nil {
		return fmt.Errorf("%s %d: verify: %w", call, id, err)
	}
	if got != id {
		return fmt.Errorf("%s %d: the kernel refused, the thread still has %d", call, id, got)
	}
	return nil
}

// readRegular reads a regular file; opening a FIFO or a device must not block or have side effects.
func readRegular(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if st.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, more than a certificate or key can have", path, st.Size())
	}
	return io.ReadAll(io.LimitReader(f, maxFile))
}
