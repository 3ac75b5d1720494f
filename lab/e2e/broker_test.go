// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/softether"
)

// Fedora, Arch and openSUSE have dbus-broker for the system bus, which reads the same policies with eyes of its own.
func TestDBusBrokerKeepsOthersOff(t *testing.T) {
	w := freshNetwork(t, func(o *lab.Options) { o.Broker = true })
	var bus int
	w.ok(w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, "org.freedesktop.DBus").Store(&bus))
	if program := filepath.Base(procfs.Program(bus)); !strings.HasPrefix(program, "dbus-broker") {
		t.Fatalf("the bus is %s", program)
	}
	logind, err := w.Desktop.StartLogind()
	w.ok(err)
	takenFor := func(when string, want uint32) {
		t.Helper()
		w.pings(plan.OfficeInner)
		if uid := w.busUser(); uid != want {
			t.Errorf("%s the bus takes the service for user %d, want %d", when, uid, want)
		}
	}
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	takenFor("with its user", netns.ServiceUser)
	w.eventually("the service to delay sleep", 5*time.Second, func() error {
		return is("the inhibitor's being there", logind.Holds("SoftEther VPN"), true, nil)
	})
	w.othersAreKeptOff(logind)
	w.down("office")

	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	if res := w.asks("trust", "yes"); res.Code != 0 {
		t.Fatal(res.Text())
	}
	takenFor("after a question about a certificate", netns.ServiceUser)
	w.down("trust")

	// A package's policy may be read before the user is made: the broker then leaves the user's rules out.
	passwd, err := os.ReadFile(w.Desktop.Path("/etc/passwd"))
	w.ok(err)
	users := string(passwd)
	reload := func(users string) {
		t.Helper()
		w.ok(w.Desktop.WriteFile("/etc/passwd", users))
		w.ok(w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.ReloadConfig", 0).Err)
	}
	reload(strings.ReplaceAll(users, "nm-softether:", "somebody-else:"))
	mark := w.Desktop.NMLogMark()
	w.ok(w.Desktop.WriteFile("/etc/passwd", users))
	w.ok(w.Desktop.Up(w.ctx, "office"))
	takenFor("while its policy knows no user", 0)
	w.eventually("a line about it", 5*time.Second, func() error {
		if log := w.Desktop.NMLog(mark); !strings.Contains(log, "takes this service for root") || !strings.Contains(log, "refuses the name") {
			return fmt.Errorf("not in:\n%s", log)
		}
		return nil
	})
	w.down("office")
	reload(users)
	w.ok(w.Desktop.Up(w.ctx, "office"))
	takenFor("after the policy was read again", netns.ServiceUser)
	w.down("office")
}
