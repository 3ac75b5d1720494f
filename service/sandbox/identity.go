// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"errors"
	"fmt"
	"os/user"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNoUser says that the service's user was not made.
var ErrNoUser = errors.New("there is no user " + serviceUser)

// AsServiceUser runs do on a thread whose effective user is the service's. The peer of a socket that do connects there, and
// not from another goroutine, takes this process for that user for as long as the socket is open.
func AsServiceUser(do func() error) error {
	uid, gid, err := serviceIDs()
	if errors.As(err, new(user.UnknownUserError)) {
		return ErrNoUser
	}
	if err != nil {
		return err
	}
	groups, err := unix.Getgroups()
	if err != nil {
		return fmt.Errorf("getgroups: %w", err)
	}
	before := make([]uint32, len(groups))
	for i, g := range groups {
		before[i] = uint32(g)
	}
	done := make(chan error, 1)
	go func() {
		// A thread that does not get its own identity back stays locked, and so ends with the goroutine.
		runtime.LockOSThread()
		err := takeEffective(nil, gid, uid)
		if err == nil {
			err = do()
		}
		back := takeEffective(before, 0, 0)
		if back == nil {
			runtime.UnlockOSThread()
		}
		done <- errors.Join(err, back)
	}()
	return <-done
}

// takeEffective changes the groups and the effective ids of this thread, and of no other. Only root may change the groups,
// so the user comes last on the way from root, and first on the way back.
func takeEffective(groups []uint32, gid, uid int) error {
	const same = ^uintptr(0)
	steps := []func() error{
		func() error { return SetThreadGroups(groups) },
		func() error { return raw(unix.SYS_SETRESGID, same, uintptr(gid), same) },
		func() error { return raw(unix.SYS_SETRESUID, same, uintptr(uid), same) },
	}
	if uid == 0 {
		steps[0], steps[2] = steps[2], steps[0]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("become user %d, group %d: %w", uid, gid, err)
		}
	}
	return nil
}

// SetThreadGroups sets the supplementary groups of this thread only: the functions of
// packages syscall and unix set them for the whole process.
func SetThreadGroups(groups []uint32) error {
	// Not by raw: only a conversion in the call itself keeps what the pointer leads to alive and in place (package unsafe, case 4).
	_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(unsafe.SliceData(groups))), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func raw(call, a, b, c uintptr) error {
	if _, _, errno := unix.RawSyscall(call, a, b, c); errno != 0 {
		return errno
	}
	return nil
}
