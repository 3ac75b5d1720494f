// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/softether"
)

// NetworkManager restarts a persistent connection only if its plugin cannot outlive the base. Ours can, and ends only
// with its device.
func TestPersistentConnectionEndsWithItsDevice(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "vpn.persistent", "yes")))
	link, err := w.Desktop.Net.LinkByName(w.tap())
	w.ok(err)
	w.ok(w.Desktop.Net.LinkDel(link))
	w.gone("office")
	w.baseIntact()
}

func TestPersistentConnectionOutlivesItsBase(t *testing.T) {
	t.Parallel()
	rides(t, every, func(t *testing.T, r ride) {
		w := freshNetwork(t)
		w.verbose()
		w.up(r.of(w.persistent()))
		pid := w.service()
		states := w.vpnStates()
		secret := w.private(r.full)
		w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
		w.eventually("NetworkManager to say that it is connecting", 20*time.Second, func() error {
			state, err := w.Desktop.State("office")
			return is("state", state, desktop.Activating, err)
		})
		time.Sleep(25 * time.Second) // the server forgets the session after 20 s
		secret()
		before, err := procfs.UsageOf(pid)
		w.ok(err)
		time.Sleep(5 * time.Second)
		after, err := procfs.UsageOf(pid)
		w.ok(err)
		if n := after.Switches - before.Switches; n > 100 { // it is hardly ever more than three
			t.Errorf("in 5 s without a network the service was woken %d times", n)
		}
		secret = w.private(r.full)
		began := time.Now()
		_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[1].Profile)
		w.ok(err)
		w.pings(plan.OfficeInner)
		t.Logf("traffic flows %v after the next base was asked for", time.Since(began))
		w.on("office", plan.Bases[1])
		time.Sleep(4 * time.Second) // a second outage would be shown by now
		w.pings(plan.OfficeInner)
		secret()
		seen := states()
		t.Logf("NetworkManager's states of the VPN: %v", seen)
		if n := count(seen, vpnActivated); n != 1 {
			t.Errorf("a person sees the VPN come up %d times", n)
		}
		if now := w.service(); now != pid {
			t.Errorf("another service, %d, has the connection, before it was %d", now, pid)
		}
		w.down("office")
	})
}

// vpnActivated is NM_VPN_CONNECTION_STATE_ACTIVATED.
const vpnActivated = 5

func count[T comparable](list []T, what T) (n int) {
	for _, v := range list {
		if v == what {
			n++
		}
	}
	return n
}

// vpnStates notes the states that NetworkManager tells everybody of (NMVpnConnectionState) after the VPN is up, until
// the returned function is called, which returns them.
func (w *world) vpnStates() (end func() []uint32) {
	w.t.Helper()
	conn, err := dbus.Connect("unix:path=" + w.Desktop.Path("/run/dbus/system_bus_socket"))
	w.ok(err)
	match := []dbus.MatchOption{dbus.WithMatchInterface("org.freedesktop.NetworkManager.VPN.Connection"), dbus.WithMatchMember("VpnStateChanged")}
	w.ok(conn.AddMatchSignal(match...))
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	done := make(chan []uint32, 1)
	go func() {
		var seen []uint32
		for s := range signals {
			if !strings.HasSuffix(s.Name, ".VpnStateChanged") || len(s.Body) == 0 {
				continue
			}
			if state, ok := s.Body[0].(uint32); ok && (len(seen) > 0 || state != vpnActivated) { // that it is up may be told late
				seen = append(seen, state)
			}
		}
		done <- seen
	}()
	return func() []uint32 {
		w.t.Helper()
		w.ok(conn.Close()) // which closes the channel
		return <-done
	}
}

func TestAuthorityIsPartOfTheProfile(t *testing.T) {
	w := network(t)
	w.ok(w.Server.UseSignedCert(w.ctx))
	t.Cleanup(func() { w.ok(w.Server.NewCert(w.ctx)) })
	v := w.unpinned()
	v.Data["ca"] = string(w.Server.CA.PEM)
	w.up(v)
	w.pings(plan.OfficeGateway)
	w.down("trust")
}

func TestComputerHasNoTunnelDevice(t *testing.T) {
	w := freshNetwork(t)
	_, err := w.Desktop.Must(w.ctx, "mount", "-t", "tmpfs", "none", "/dev/net")
	w.ok(err)
	w.refused(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)), badConfig, "modprobe tun")
}

// A persistent connection is NetworkManager's to bring back after it was restarted: with connection.secondaries of the
// base, the one way it has for VPNs.
func TestPersistentConnectionIsBackWithNetworkManager(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			w := freshNetwork(t)
			w.up(w.persistent())
			uuid, err := w.Desktop.MustNMCLI(w.ctx, "-g", "connection.uuid", "connection", "show", "office")
			w.ok(err)
			_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "modify", plan.Bases[0].Profile, "connection.secondaries", strings.TrimSpace(uuid))
			w.ok(err)
			w.ok(w.Desktop.StopNM(w.ctx, sig))
			w.eventually("the service to end", 5*time.Second, func() error {
				if pids := w.Desktop.Services(); len(pids) > 0 {
					return fmt.Errorf("services %v are left", pids)
				}
				return nil
			})
			left, err := w.Desktop.HostRoute(plan.ServerAddr.String())
			w.ok(err)
			t.Logf("what is left of the route to the server: %q", left)
			w.ok(w.Desktop.StartNM(w.ctx))
			again := false
			if state, err := w.Desktop.State(plan.Bases[0].Profile); err == nil && state == desktop.Activated {
				// NetworkManager has taken the base over as it was, and then starts no secondaries.
				time.Sleep(3 * time.Second)
				if s, _ := w.Desktop.State("office"); s == 0 {
					again = true
					w.ok(w.Desktop.Up(w.ctx, plan.Bases[0].Profile))
				}
			}
			t.Logf("the base had to be brought up again: %v", again)
			w.eventually("the VPN to be back by itself", 30*time.Second, func() error {
				state, err := w.Desktop.State("office")
				return is("state", state, desktop.Activated, err)
			})
			w.pings(plan.OfficeInner)
			w.down("office")
		})
	}
}

// An account is not locked by a connection that knows an old password: one refused login, and no more.
func TestChangedPasswordCostsOneRefusedLogin(t *testing.T) {
	w := freshNetwork(t)
	w.up(w.persistent())
	_, err := w.Server.Admin(w.ctx, "Hub "+softether.HubOffice+"\nUserPasswordSet alice /PASSWORD:other")
	w.ok(err)
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	w.gone("office")
	time.Sleep(5 * time.Second)
	if n := strings.Count(w.Server.Log(400), "User authentication failed. The user name"); n != 1 {
		t.Errorf("the server has refused %d logins, want 1:\n%s", n, w.Server.Log(40))
	}
}
