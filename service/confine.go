// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"strconv"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// serviceUser is the system user that data/nm-softether-sysusers.conf makes.
const serviceUser = "nm-softether"

// confine gives up, for all threads and for good, what a connection that is up no
// longer needs. What is left can use the open TAP and bus connection, make TCP and UDP
// connections, and read what every user can read:
//
//   - no new privileges, no core dump (it would hold the password);
//   - Landlock, where the kernel has it: nothing in the file system can be written or
//     executed any more;
//   - the uid of a user of our own, if it exists;
//   - no capability at all.
//
// Each step stands for itself: one that this system lacks weakens nothing else.
func confine(log *slog.Logger) {
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"no_new_privs", func() error { return prctl(unix.PR_SET_NO_NEW_PRIVS, 1) }},
		{"no core dumps", func() error { return prctl(unix.PR_SET_DUMPABLE, 0) }},
		{"file system", sealFiles},
		{"user", becomeServiceUser},
		{"capabilities", func() error { return cap.NewSet().SetProc() }},
	} {
		if err := step.do(); err != nil {
			log.Warn("could not give up rights", "step", step.what, "error", err)
		}
	}
	log.Debug("rights given up", "uid", syscall.Getuid(), "capabilities", cap.GetProc().String())
}

func prctl(option, value uintptr) error {
	if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, option, value, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// sealFiles leaves reading, which DNS and the log need, and takes writing and executing.
func sealFiles() error {
	const read = landlock.AccessFSSet(llsyscall.AccessFSReadFile | llsyscall.AccessFSReadDir)
	return landlock.V5.BestEffort().RestrictPaths(landlock.PathAccess(read, "/"))
}

// becomeServiceUser changes to the service's user. An installation without it keeps
// root, whose power was mostly in the capabilities.
func becomeServiceUser() error {
	u, err := user.Lookup(serviceUser)
	if errors.As(err, new(user.UnknownUserError)) {
		return fmt.Errorf("there is no user %s: run systemd-sysusers", serviceUser)
	}
	if err != nil {
		return err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("user %s: %w", serviceUser, err)
	}
	if err := syscall.Setgroups(nil); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := syscall.Setresgid(gid, gid, gid); err != nil {
		return fmt.Errorf("setresgid: %w", err)
	}
	if err := syscall.Setresuid(uid, uid, uid); err != nil {
		return fmt.Errorf("setresuid: %w", err)
	}
	return nil
}
