// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab/desktop"
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
	w.othersAreKeptOff(logind)
	w.down("office")
}

// othersAreKeptOff has another user of the computer try everything on the service of the connection "office".
func (w *world) othersAreKeptOff(logind *desktop.Logind) {
	w.t.Helper()
	pid := w.service()
	owner := func(name string) (unique string) {
		w.ok(w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, name).Store(&unique))
		return unique
	}
	manager, service := owner("org.freedesktop.NetworkManager"), owner(serviceName(w))
	send := func(args ...string) netns.Result {
		r, err := w.Desktop.Run(w.ctx, netns.Command{User: somebody, Args: append([]string{"dbus-send", "--system"}, args...)})
		w.ok(err)
		return r
	}
	stranger, err := dbus.Connect("unix:path=" + w.Desktop.Path(netns.BusSocket))
	w.ok(err)
	defer stranger.Close()
	const plugin = "org.freedesktop.NetworkManager.VPN.Plugin"
	for _, call := range [][]string{
		{"--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.RequestName", "string:org.freedesktop.NetworkManager.softether", "uint32:4"},
		{"--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.RequestName", "string:org.freedesktop.NetworkManager.softether.Connection_99", "uint32:4"},
		{"--dest=" + service, "/org/freedesktop/NetworkManager/VPN/Plugin", plugin + ".Disconnect"},
		{"--dest=" + service, "/org/freedesktop/NetworkManager/VPN/Plugin", "org.freedesktop.DBus.Properties.GetAll", "string:" + plugin},
		// Our policy must open no other program.
		{"--dest=" + stranger.Names()[0], "/any", "org.freedesktop.DBus.Properties.GetAll", "string:any.thing"},
	} {
		if r := send(append([]string{"--print-reply"}, call...)...); r.Code == 0 || !strings.Contains(r.Stderr, "AccessDenied") {
			w.t.Errorf("another user's %v is not refused by the bus: %+v", call, r)
		}
	}
	if r := w.status(somebody, "office"); r.Code != 0 {
		w.t.Errorf("another user cannot see how the connection stands: %+v", r)
	}
	sleep := []string{"/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", "boolean:true"}
	left := []string{"/org/freedesktop/DBus", "org.freedesktop.DBus.NameOwnerChanged", "string:" + manager, "string:" + manager, "string:"}
	for _, signal := range [][]string{sleep, left, append([]string{"--dest=" + service}, sleep...), append([]string{"--dest=" + service}, left...)} {
		send(append([]string{"--type=signal"}, signal...)...)
	}
	// Nor do they reach the service, which could not read them as fast as somebody sends: its user hears two senders only.
	ear := w.busAs(netns.ServiceUser)
	heard := make(chan *dbus.Signal, 64)
	ear.Signal(heard)
	send(append([]string{"--type=signal", "--dest=" + ear.Names()[0]}, sleep...)...)
	w.ok(ear.BusObject().Call("org.freedesktop.DBus.GetId", 0).Err) // what came before this answer has been read
	ear.RemoveSignal(heard)
	for len(heard) > 0 {
		if s := <-heard; s.Name == sleep[1] {
			w.t.Error("the bus delivers another user's signal to the service's user")
		}
	}
	time.Sleep(time.Second) // to believe them
	w.pings(plan.OfficeInner)
	if now := w.service(); now != pid {
		w.t.Errorf("the service ended: it was process %d and is %d", pid, now)
	}
	if !logind.Holds("SoftEther VPN") {
		w.t.Error("the service believed in a sleep, and would not delay the next")
	}
}

// busAs returns a connection that the desktop's system bus takes for that user's.
func (w *world) busAs(uid int) (conn *dbus.Conn) {
	w.t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for ever: the thread, which ends with the goroutine, is that user's
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
			done <- errno
			return
		}
		var err error
		conn, err = dbus.Connect("unix:path=" + w.Desktop.Path(netns.BusSocket))
		done <- err
	}()
	w.ok(<-done)
	w.t.Cleanup(func() { conn.Close() })
	return conn
}
