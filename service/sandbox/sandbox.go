// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// ErrStillPrivileged ends a connection that would otherwise listen to a server as root.
var ErrStillPrivileged = errors.New("this process cannot give up its privileges, and with them it contacts no server")

// Enter gives up, for all threads and for good, what a connection no longer needs. It runs before the first
// byte of a server is read, when the TAP device is open and the files named by the profile have been read.
// What remains can use the open TAP and bus connection, make TCP and UDP connections, and read what name
// look-ups need:
//
//   - no new privileges, no core dump (it would hold the password);
//   - Landlock, where the kernel has it: nothing in the file system can be written or
//     executed, and only names can be looked up;
//   - the uid of a user of our own, no group, no capability, now or by executing a file;
//   - seccomp, where the kernel has it: only the calls in [Ours] and [Runtimes].
//
// On a kernel without Landlock or seccomp, that is logged and weakens nothing else; a process that would keep
// uid 0 or a capability goes no further.
func Enter(log *slog.Logger) error {
	for _, step := range []struct {
		what     string
		do       func() error
		required bool
	}{
		{"no_new_privs", func() error { return prctl(unix.PR_SET_NO_NEW_PRIVS, 1) }, false},
		{"file system", sealFiles, false},
		{"bounding set", dropBounding, false},
		{"user", func() error { return becomeServiceUser(log) }, true},
		{"capabilities", dropCapabilities, true},
		// After the change of user, on which a sysctl decides whether the process is dumpable.
		{"no core dumps", NoCoreDumps, false},
		{"system calls", filterSystemCalls, false}, // last, as it permits none of the above
	} {
		err := step.do()
		if err != nil && step.required {
			return fmt.Errorf("%w: %s: %w", ErrStillPrivileged, step.what, err)
		}
		if err != nil {
			log.Warn("could not give up privileges", "step", step.what, "error", err)
		}
	}
	return nil
}

// NoCoreDumps keeps a crash from writing the process's memory down, and other processes without rights from reading it.
// Every change of user undoes it.
func NoCoreDumps() error { return prctl(unix.PR_SET_DUMPABLE, 0) }

func prctl(option, value uintptr) error {
	if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, option, value, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// dropBounding empties the bounding and the ambient set: no executed file could bring a capability back.
// NetworkManager's own unit leaves its VPN services without CAP_SETPCAP, which changing the bounding set
// requires; there no_new_privs, which has the same effect, has to do alone.
func dropBounding() error {
	if err := cap.ResetAmbient(); err != nil {
		return err
	}
	if ok, err := cap.GetProc().GetFlag(cap.Effective, cap.SETPCAP); err != nil || !ok {
		return err
	}
	var all []cap.Value
	for c := range cap.MaxBits() {
		all = append(all, c)
	}
	return cap.DropBound(all...)
}

// dropCapabilities empties the other sets and verifies that they are empty.
func dropCapabilities() error {
	if err := cap.NewSet().SetProc(); err != nil {
		return err
	}
	if left := cap.GetProc(); left.String() != "=" {
		return fmt.Errorf("%s is left", left)
	}
	return nil
}
