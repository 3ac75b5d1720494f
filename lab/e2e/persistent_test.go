// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
	"time"

	"network-manager-softether/lab"
)

// NetworkManager restarts a persistent connection only if its plugin cannot outlive the base. Ours can, and is at an end
// without its device.
func TestPersistentConnectionEndsWithItsDevice(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("office", lab.HubOffice, lab.Alice, "vpn.persistent", "yes")))
	link, err := w.Desktop.Net.LinkByName(w.tap())
	w.ok(err)
	w.ok(w.Desktop.Net.LinkDel(link))
	w.gone("office")
	w.baseIntact()
}

func TestPersistentConnectionOutlivesItsBase(t *testing.T) {
	tunnels(t, func(t *testing.T, kind func(lab.VPN) lab.VPN) {
		w := freshNetwork(t)
		w.verbose()
		w.up(kind(w.persistent()))
		pid := w.service()
		w.ok(w.Desktop.Down(w.ctx, lab.Bases[0].Profile))
		w.eventually("NetworkManager to say that it is connecting", 20*time.Second, func() error {
			state, err := w.Desktop.State("office")
			return is("state", state, lab.Activating, err)
		})
		time.Sleep(25 * time.Second) // the server forgets the session after 20 s
		before, err := lab.UsageOf(pid)
		w.ok(err)
		time.Sleep(5 * time.Second)
		after, err := lab.UsageOf(pid)
		w.ok(err)
		t.Logf("in 5 s without a network the service was woken %d times", after.Switches-before.Switches)
		began := time.Now()
		_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "up", lab.Bases[1].Profile)
		w.ok(err)
		w.pings(lab.OfficeInner)
		t.Logf("traffic flows %v after the next base was asked for", time.Since(began))
		w.on("office", lab.Bases[1])
		w.pings(lab.OfficeInner)
		if now := w.service(); now != pid {
			t.Errorf("another service, %d, has the connection, before it was %d", now, pid)
		}
		w.down("office")
	})
}

func TestAuthorityIsPartOfTheProfile(t *testing.T) {
	w := network(t)
	w.ok(w.Server.UseSignedCert(w.ctx))
	t.Cleanup(func() { w.ok(w.Server.NewCert(w.ctx)) })
	v := w.unpinned()
	v.Data["ca"] = string(w.Server.CA.PEM)
	w.up(v)
	w.pings(lab.OfficeGateway)
	w.down("trust")
}

func TestComputerHasNoTunnelDevice(t *testing.T) {
	w := freshNetwork(t)
	_, err := w.Desktop.Must(w.ctx, "mount", "-t", "tmpfs", "none", "/dev/net")
	w.ok(err)
	w.refused(ipv4Only(w.profile("office", lab.HubOffice, lab.Alice)), badConfig, "modprobe tun")
}
