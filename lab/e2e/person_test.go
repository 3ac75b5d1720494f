// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// as runs nmcli as that user.
func (w *world) as(user uint32, stdin string, args ...string) netns.Result {
	w.t.Helper()
	res, err := w.Desktop.Run(w.ctx, netns.Command{Args: append([]string{"nmcli"}, args...), Stdin: stdin, User: user})
	w.ok(err)
	return res
}

// TestOrdinaryUserHasAProfileOfTheirOwn: adds it, is asked for the password, connects, disconnects and removes it, with
// no more rights than polkit gives to somebody who sits at a Debian desktop.
func TestOrdinaryUserHasAProfileOfTheirOwn(t *testing.T) {
	w := network(t)
	v := w.profile("own", softether.HubOffice, softether.Alice, "connection.permissions", "user:"+netns.PersonName)
	v.Password = ""
	for _, step := range []struct {
		stdin string
		args  []string
	}{
		{"", v.Args()},
		{softether.Alice.Password + "\n", []string{"--ask", "connection", "up", "own"}},
	} {
		if res := w.as(netns.Person, step.stdin, step.args...); res.Code != 0 {
			t.Fatalf("nmcli %v: exit status %d: %s", step.args, res.Code, res.Text())
		}
	}
	w.pings(plan.OfficeGateway)

	const stranger = 65534
	if res := w.as(stranger, "", "connection", "up", "own"); res.Code == 0 {
		t.Errorf("somebody else may use it: %s", res.Text())
	}
	if res := w.as(stranger, "", "connection", "down", plan.Bases[0].Profile); !strings.Contains(res.Text(), "ot authorized") {
		t.Errorf("without polkit's consent a stranger unplugs the desktop (exit status %d): %s", res.Code, res.Text())
	}
	w.wantState("own", desktop.Activated)

	for _, args := range [][]string{{"connection", "down", "own"}, {"connection", "delete", "own"}} {
		if res := w.as(netns.Person, "", args...); res.Code != 0 {
			t.Errorf("nmcli %v: exit status %d: %s", args, res.Code, res.Text())
		}
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
}
