// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// gone waits until NetworkManager no longer shows the connection and nothing of it is left.
func (w *world) gone(name string) {
	w.t.Helper()
	w.eventually(name+" to be inactive", 10*time.Second, func() error {
		state, err := w.Desktop.State(name)
		return is("state", state, 0, err)
	})
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
}

func TestServiceIsKilled(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			w := network(t)
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
			w.ok(syscall.Kill(w.service(), sig))
			w.gone("office")
			w.ok(w.Desktop.Up(w.ctx, "office"))
			w.pings(plan.OfficeGateway)
			w.down("office")
		})
	}
}

// connecting returns a profile whose service has got as far as a server that says nothing. Before that NetworkManager may
// not have asked it for anything, and then does not tell it that the connection is over, either.
func (w *world) connecting() desktop.VPN {
	w.t.Helper()
	called := make(chan struct{}, 1)
	v := w.at(w.play(func(c net.Conn) {
		select {
		case called <- struct{}{}:
		default:
		}
		discard(c)
	}))
	w.ok(w.Desktop.Add(w.ctx, v))
	_, err := w.Desktop.MustNMCLI(w.ctx, "--wait", "0", "connection", "up", v.Name)
	w.ok(err)
	select {
	case <-called:
	case <-time.After(hung):
		w.t.Fatal("the service does not connect")
	}
	return v
}

func TestServiceIsKilledWhileConnecting(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			w := network(t)
			v := w.connecting()
			w.ok(syscall.Kill(w.service(), sig))
			w.gone(v.Name)
		})
	}
}

func TestPersonDisconnectsWhileConnecting(t *testing.T) {
	w := network(t)
	v := w.connecting()
	w.ok(w.Desktop.Down(w.ctx, v.Name))
	w.gone(v.Name)
}

func TestPersonTogglesQuickly(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	for range 10 {
		w.ok(w.Desktop.Up(w.ctx, "office"))
		w.ok(w.Desktop.Down(w.ctx, "office"))
	}
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeGateway)
	w.down("office")
	w.baseIntact()
}

func TestNetworkManagerIsRestarted(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			w := freshNetwork(t)
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
			w.ok(w.Desktop.StopNM(w.ctx, sig))
			// NetworkManager tells its VPN services nothing when it ends: they have to see it themselves.
			w.eventually("the service to end and its TAP to go", 5*time.Second, func() error {
				taps, err := w.Desktop.TAPs()
				if len(taps) > 0 || len(w.Desktop.Services()) > 0 {
					return fmt.Errorf("TAPs %v and services %v are left", taps, w.Desktop.Services())
				}
				return err
			})
			w.ok(w.Desktop.StartNM(w.ctx))
			w.ok(w.Desktop.Up(w.ctx, "office"))
			w.pings(plan.OfficeInner)
			w.down("office")
		})
	}
}

func TestTAPIsDeleted(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	link, err := w.Desktop.Net.LinkByName(w.tap())
	w.ok(err)
	w.ok(w.Desktop.Net.LinkDel(link))
	w.gone("office")
}

func TestProfileIsDeletedWhileActive(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "delete", "office")
	w.ok(err)
	w.gone("office")
}

func TestPrivateProfile(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("private", softether.HubOffice, softether.Alice, "connection.permissions", "user:root")))
	w.pings(plan.OfficeGateway)
	w.down("private")
}

func TestServiceEndsByItselfWhenNobodyUsesIt(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.ok(w.Desktop.Down(w.ctx, "office"))
	w.eventually("the service to end", 3*time.Second, func() error { return is("number of services", len(w.Desktop.Services()), 0, nil) })
}
