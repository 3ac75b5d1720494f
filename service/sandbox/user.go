// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// serviceUser is the system user that data/nm-softether-sysusers.conf creates.
const serviceUser = "nm-softether"

// The IDs that systemd reserves for users without a name, DynamicUser= (systemd's UIDS-GIDS document).
const (
	dynamicFirst = 61184
	dynamicLast  = 65519
)

// becomeServiceUser changes to the service's user, or where none was made to one without
// a name.
func becomeServiceUser(log *slog.Logger) error {
	uid, gid, err := serviceIDs()
	if errors.As(err, new(user.UnknownUserError)) {
		if uid, err = namelessID(os.Getpid()); err != nil {
			return err
		}
		gid = uid
		log.Warn("there is no user "+serviceUser+", going on as one without a name", "uid", uid, "remedy", "run systemd-sysusers")
	}
	if err != nil {
		return err
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
	log.Debug("no longer root", "uid", uid)
	return nil
}

func serviceIDs() (uid, gid int, err error) {
	u, err := user.Lookup(serviceUser)
	if err != nil {
		return 0, 0, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("user %s: %w", serviceUser, err)
	}
	if uid == 0 || gid == 0 {
		return 0, 0, fmt.Errorf("user %s is root", serviceUser)
	}
	return uid, gid, nil
}

// namelessID picks an ID of the dynamic range that belongs to neither a user nor a group, based on the
// process ID: two connections share none.
func namelessID(pid int) (int, error) {
	h := fnv.New32a()
	fmt.Fprint(h, pid)
	const n = dynamicLast - dynamicFirst + 1
	first := int(h.Sum32() % n)
	for i := range n {
		id := dynamicFirst + (first+i)%n
		name := strconv.Itoa(id)
		_, uerr := user.LookupId(name)
		_, gerr := user.LookupGroupId(name)
		if errors.As(uerr, new(user.UnknownUserIdError)) && errors.As(gerr, new(user.UnknownGroupIdError)) {
			return id, nil
		}
	}
	return 0, errors.New("every id from 61184 to 65519 has a name")
}
