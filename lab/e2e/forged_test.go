// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// Anybody may send signals on the system bus. Another user of the computer cannot have the service believe that it goes to
// sleep, or that NetworkManager has left.
func TestAnotherUsersSignalsAreNotBelieved(t *testing.T) {
	w := freshNetwork(t)
	logind, err := w.Desktop.StartLogind()
	w.ok(err)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	w.eventually("the service to delay sleep", 5*time.Second, func() error {
		return is("the inhibitor's being there", logind.Holds("SoftEther VPN"), true, nil)
	})
	pid := w.service()
	owner := func(name string) (unique string) {
		w.ok(w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, name).Store(&unique))
		return unique
	}
	manager, service := owner("org.freedesktop.NetworkManager"), owner(serviceName(w))
	sleep := []string{"/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", "boolean:true"}
	left := []string{"/org/freedesktop/DBus", "org.freedesktop.DBus.NameOwnerChanged", "string:" + manager, "string:" + manager, "string:"}
	for _, signal := range [][]string{sleep, left, append([]string{"--dest=" + service}, sleep...), append([]string{"--dest=" + service}, left...)} {
		_, err := w.Desktop.Run(w.ctx, netns.Command{User: somebody, Args: append([]string{"dbus-send", "--system", "--type=signal"}, signal...)})
		w.ok(err)
	}
	time.Sleep(time.Second) // to believe them
	w.pings(plan.OfficeInner)
	if now := w.service(); now != pid {
		t.Errorf("the service ended: it was process %d and is %d", pid, now)
	}
	if !logind.Holds("SoftEther VPN") {
		t.Error("the service believed in a sleep, and would not delay the next")
	}
	w.down("office")
}
