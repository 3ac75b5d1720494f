// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// namePlaces is where looking up a name reads: resolv.conf, hosts and nsswitch.conf, and the places that the
// first of them may link to. They are directories, as the files get replaced.
var namePlaces = []string{"/etc", "/run/NetworkManager", "/run/systemd/resolve", "/run/resolvconf", "/run/connman"}

// sealFiles permits reading in namePlaces and forbids everything else that is done by a path, as far as the
// kernel's Landlock covers it.
func sealFiles() error {
	const read = landlock.AccessFSSet(llsyscall.AccessFSReadFile | llsyscall.AccessFSReadDir)
	return landlock.V5.BestEffort().RestrictPaths(landlock.PathAccess(read, namePlaces...).IgnoreIfMissing())
}
