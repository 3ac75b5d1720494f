// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/softether"
)

// Passwords outlive nobody's attention: once the connection is up, and after it came back by itself, none is in the
// memory of the service, which a core dump or a look into the process would show.
func TestNoPasswordStaysInMemory(t *testing.T) {
	w := freshNetwork(t)
	const password = "correct-horse-battery-4711"
	for _, user := range []softether.User{{Name: "carol", Password: password, AuthType: "password"}, {Name: "dora", Password: password, AuthType: "plain-password"}} {
		_, err := w.Server.Admin(w.ctx, "Hub "+softether.HubOffice+"\nUserCreate "+user.Name+" /GROUP:none /REALNAME:none /NOTE:none\n"+
			"UserPasswordSet "+user.Name+" /PASSWORD:"+password)
		w.ok(err)
		v := quick(ipv4Only(w.profile(user.Name, softether.HubOffice, user)))
		w.up(v)
		without := func(when string) {
			t.Helper()
			pid := w.service()
			if found, err := procfs.InMemory(pid, "nm-softether-service"); err != nil || len(found) == 0 {
				t.Fatalf("the memory of the service cannot be searched: %v", err)
			}
			// Memory is swept beside the connection.
			w.eventually(user.Name+" to be forgotten when "+when, 3*time.Second, func() error {
				found, err := procfs.InMemory(pid, password)
				if err == nil && len(found) > 0 {
					err = fmt.Errorf("%d copies of the password:\n%s", len(found), strings.Join(found, "\n"))
				}
				return err
			})
		}
		without("connected")
		w.ok(w.Server.Kick(w.ctx, softether.HubOffice, user))
		w.flows(20 * time.Second)
		without("connected again")
		w.down(user.Name)
	}
}
