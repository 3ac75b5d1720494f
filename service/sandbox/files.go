// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// namePlaces is where looking up a name reads: resolv.conf, hosts and nsswitch.conf, and
// where the first of them is a link to. They are folders, as the files are replaced.
var namePlaces = []string{"/etc", "/run/NetworkManager", "/run/systemd/resolve", "/run/resolvconf", "/run/connman"}

// sealFiles leaves reading in namePlaces and takes all else that is done by a path, as far
// as the kernel's Landlock knows it.
func sealFiles() error {
	const read = landlock.AccessFSSet(llsyscall.AccessFSReadFile | llsyscall.AccessFSReadDir)
	return landlock.V5.BestEffort().RestrictPaths(landlock.PathAccess(read, namePlaces...).IgnoreIfMissing())
}
