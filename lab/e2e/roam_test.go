// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// fullTunnel makes a profile's tunnel carry everything.
func fullTunnel(v desktop.VPN) desktop.VPN { return v } // the office announces a default route

// splitTunnel leaves the default route with the base.
func splitTunnel(v desktop.VPN) desktop.VPN {
	v.More = append(v.More, "ipv4.never-default", "yes")
	return v
}

// tunnels runs a test with a full and with a split tunnel.
func tunnels(t *testing.T, f func(t *testing.T, kind func(desktop.VPN) desktop.VPN)) {
	t.Run("full", func(t *testing.T) { f(t, fullTunnel) })
	t.Run("split", func(t *testing.T) { f(t, splitTunnel) })
}

// over6 reaches the server over IPv6.
func over6(v desktop.VPN) desktop.VPN {
	v.Data["gateway"] = plan.ServerName6
	return v
}

// A ride is a kind of tunnel over one version of IP.
type ride struct {
	name string
	full bool
	v6   bool
}

var (
	full4  = ride{"full tunnel over IPv4", true, false}
	split4 = ride{"split tunnel over IPv4", false, false}
	full6  = ride{"full tunnel over IPv6", true, true}
	split6 = ride{"split tunnel over IPv6", false, true}
)

// of makes a profile's tunnel that kind.
func (r ride) of(v desktop.VPN) desktop.VPN {
	if !r.full {
		v = splitTunnel(v)
	}
	if r.v6 {
		v = over6(v)
	}
	return v
}

// rides runs a test with each of them.
func rides(t *testing.T, list []ride, f func(t *testing.T, r ride)) {
	for _, r := range list {
		t.Run(r.name, func(t *testing.T) { f(t, r) })
	}
}

// persistent is a profile that outlives its base.
func (w *world) persistent(more ...string) desktop.VPN {
	return ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, append([]string{"vpn.persistent", "yes"}, more...)...))
}

// private sends what nobody outside of the tunnel is to see until the returned function is called, which fails the
// test if anybody could: on a base, there was a packet for others than the VPN server. What the office's addresses get is
// private in any tunnel, and in a full one everything is.
func (w *world) private(full bool) (end func()) {
	w.t.Helper()
	seen := w.watchesBases()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			w.whispers(plan.OfficeInner)
			if full {
				w.whispers(elsewhere4, elsewhere6, plan.EverywhereWeb)
			}
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() {
		w.t.Helper()
		close(stop)
		<-done
		for what, n := range seen.left(findsServer) {
			office := strings.Contains(what, "to "+plan.OfficeInner.String()) || strings.Contains(what, "to "+plan.OfficeGateway.String())
			if (full || office) && !routersOwn(what) {
				w.t.Errorf("%d packets left in clear: %s", n, what)
			}
		}
	}
}

// routersOwn reports whether that is what the computer's kernel tells the router of the link (an ICMP error), which is
// not the person's.
func routersOwn(what string) bool {
	for _, b := range append(plan.Bases[:], plan.SlowBase) {
		for _, kind := range []string{b.Router.String() + ", protocol 1", b.Router6.String() + ", protocol 58"} {
			if strings.HasSuffix(what, "to "+kind) {
				return true
			}
		}
	}
	return false
}

// both has both cables up, the second one better or worse than the first.
func (w *world) both(better bool) {
	w.t.Helper()
	w.joins(plan.Bases[1], better)
}

// joins brings a base up beside the first one, better or worse than that.
func (w *world) joins(b plan.Base, better bool) {
	w.t.Helper()
	metric := "600"
	if better {
		metric = "70" // the tunnel has 50
	}
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", b.Profile, "ipv4.route-metric", metric, "ipv6.route-metric", metric)
	w.ok(err)
	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "up", b.Profile)
	w.ok(err)
}

// wan0 is the far end of the first base's cable.
const wan0 = "wan0"

// farAway hides from the VPN server what happens at the desktop's cable: here the server is at its other end, and else
// somewhere on the Internet, where packets for a computer that has left are lost without a word.
func (w *world) farAway() {
	w.t.Helper()
	for _, args := range [][]string{
		{"link", "add", "void", "arp", "off", "type", "veth", "peer", "void-far"},
		{"link", "set", "void", "up"},
		{"link", "set", "void-far", "up"},
		{"route", "add", "10.81.0.0/24", "dev", "void", "metric", "9999"},
		{"route", "add", "fd81::/64", "dev", "void", "metric", "9999"},
	} {
		_, err := w.Internet.Must(w.ctx, append([]string{"ip"}, args...)...)
		w.ok(err)
	}
}

// standsOn waits until the tunnel has a TCP connection over that base. Those over one that is gone are still waited for.
func (w *world) standsOn(b plan.Base, limit time.Duration) {
	w.t.Helper()
	w.eventually("the tunnel to stand on "+b.Device, limit, func() error {
		res, err := w.Desktop.Must(w.ctx, "ss", "-Htn", "state", "established", "dport", "=", ":443")
		if err != nil {
			return err
		}
		if !strings.Contains(res, "%"+b.Device+":") {
			return fmt.Errorf("its connections are\n%s", res)
		}
		return nil
	})
}

// on waits until NetworkManager says that the VPN is active over that base, with the route to the server there.
func (w *world) on(name string, b plan.Base) {
	w.t.Helper()
	w.eventually("NetworkManager to have the VPN on "+b.Device, 20*time.Second, func() error {
		state, err := w.Desktop.State(name)
		if err := is("state", state, desktop.Activated, err); err != nil {
			return err
		}
		devices, err := w.Desktop.BaseOf(name)
		if err := is("base", fmt.Sprint(devices), fmt.Sprint([]string{b.Device}), err); err != nil {
			return err
		}
		route4, err := w.Desktop.HostRoute(plan.ServerAddr.String())
		if err != nil {
			return err
		}
		route6, err := w.Desktop.HostRoute(plan.ServerAddr6.String())
		if route := route4 + route6; err == nil && !strings.HasSuffix(route, b.Device) {
			err = fmt.Errorf("the routes to the server are %q and %q", route4, route6)
		}
		return err
	})
}

// streamsMeanwhile keeps a TCP connection to the office busy both ways until the returned function is called, which
// waits for its end and compares every byte.
func (w *world) streamsMeanwhile() (end func()) {
	w.t.Helper()
	l, err := w.Office.Listen("tcp", netip.AddrPortFrom(plan.OfficeGateway, 0).String())
	w.ok(err)
	desk, err := w.Desktop.DialContext(w.ctx, "tcp", l.Addr().String())
	w.ok(err)
	office, err := l.Accept()
	w.ok(err)
	var all sync.WaitGroup
	stop := make(chan struct{})
	for j, way := range [][2]net.Conn{{desk, office}, {office, desk}} {
		from, to := way[0].(*net.TCPConn), way[1]
		key := [32]byte{'r', byte(j)}
		size := make(chan int, 1)
		all.Go(func() {
			n, err := writeUntil(from, key, stop)
			if err := errors.Join(err, from.CloseWrite()); err != nil {
				w.t.Errorf("to %v: %v", from.RemoteAddr(), err)
			}
			size <- n
		})
		all.Go(func() {
			n, err := compareStream(to, key)
			if sent := <-size; err != nil || n != sent {
				w.t.Errorf("from %v: %d of %d bytes, %v", to.RemoteAddr(), n, sent, err)
			}
		})
	}
	return func() {
		w.t.Helper()
		close(stop)
		limit := time.Now().Add(perTest / 2)
		w.ok(errors.Join(desk.SetDeadline(limit), office.SetDeadline(limit)))
		all.Wait()
		w.ok(errors.Join(desk.Close(), office.Close(), l.Close()))
	}
}

func TestABetterNetworkComesUp(t *testing.T) {
	rides(t, []ride{full4, split4, full6, split6}, func(t *testing.T, r ride) {
		w := freshNetwork(t)
		w.verbose()
		w.up(r.of(w.persistent()))
		w.standsOn(plan.Bases[0], 5*time.Second)
		same := w.sameSession()
		end := w.streamsMeanwhile()
		b := w.beats()
		secret := w.private(r.full)
		w.both(true)
		w.standsOn(plan.Bases[1], 20*time.Second)
		planned := b.gap()
		lost := b.stop()
		t.Logf("walked to the better base: longest gap %v, %d datagrams lost", planned, lost)
		if lost > 0 {
			t.Errorf("%d datagrams were lost though both bases were up", lost)
		}
		b = w.beats()
		w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
		t.Logf("the former base goes: longest gap %v", b.gap())
		w.on("office", plan.Bases[1])
		t.Logf("NetworkManager has followed: longest gap %v, %d lost", b.gap(), b.stop())
		end()
		secret()
		same()
		w.down("office")
	})
}

func TestTheNetworkIsLeft(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rides []ride
		leave func(w *world)
	}{
		{"disconnected", []ride{full4, split6}, func(w *world) { w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile)) }},
		{"cable pulled", []ride{split4, full6}, func(w *world) { w.ok(w.Internet.SetLink(wan0, false)) }},
		{"device gone", []ride{full4}, func(w *world) {
			link, err := w.Desktop.Net.LinkByName(plan.Bases[0].Device)
			w.ok(err)
			w.ok(w.Desktop.Net.LinkDel(link))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rides(t, tt.rides, func(t *testing.T, r ride) {
				w := freshNetwork(t)
				w.verbose()
				w.both(false)
				w.farAway()
				w.up(r.of(w.persistent()))
				w.standsOn(plan.Bases[0], 5*time.Second)
				end := w.streamsMeanwhile()
				b := w.beats()
				secret := w.private(r.full)
				tt.leave(w)
				t.Logf("longest gap %v", b.gap())
				w.standsOn(plan.Bases[1], 10*time.Second)
				w.on("office", plan.Bases[1])
				t.Logf("NetworkManager has followed: longest gap %v, %d lost", b.gap(), b.stop())
				end()
				secret()
				w.down("office")
			})
		})
	}
}

// The one network has IPv4 only, the other one IPv6 only, and the server's name has both.
func TestTheOtherNetworkHasTheOtherIPVersion(t *testing.T) {
	tunnels(t, func(t *testing.T, kind func(desktop.VPN) desktop.VPN) {
		w := freshNetwork(t)
		w.verbose()
		for _, change := range [][]string{
			{"connection", "modify", plan.Bases[0].Profile, "ipv6.method", "disabled", "ipv6.addresses", "", "ipv6.gateway", ""},
			{"connection", "up", plan.Bases[0].Profile},
			{"connection", "modify", plan.Bases[1].Profile, "ipv4.method", "disabled", "ipv4.addresses", "", "ipv4.gateway", "", "ipv4.dns", "", "ipv6.dns", plan.Bases[1].Router6.String()},
		} {
			_, err := w.Desktop.MustNMCLI(w.ctx, change...)
			w.ok(err)
		}
		v := w.persistent()
		v.Data["gateway"] = plan.ServerName
		w.up(kind(v))
		w.standsOn(plan.Bases[0], 5*time.Second)
		same := w.sameSession()
		w.both(false)
		for i, down := range []int{0, 1} {
			end := w.streamsMeanwhile()
			b := w.beats()
			secret := w.private(false)
			w.ok(w.Desktop.Down(w.ctx, plan.Bases[down].Profile))
			gap := b.gap()
			t.Logf("from %s: longest gap %v, %d lost", plan.Bases[down].Device, gap, b.stop())
			w.standsOn(plan.Bases[1-down], 5*time.Second)
			w.on("office", plan.Bases[1-down])
			end()
			secret()
			if i == 0 {
				same()
				// Soon after this one the server may still count what was left behind: the next move may be a new login.
				_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[0].Profile)
				w.ok(err)
			}
		}
		w.down("office")
	})
}

func TestUDPAccelerationFollows(t *testing.T) {
	for name, tt := range map[string]struct {
		better, full bool
		leave        func(w *world)
	}{
		"to a better base":        {true, true, func(w *world) { w.both(true) }},
		"from one that is gone":   {false, false, func(w *world) { w.ok(w.Internet.SetLink(wan0, false)) }},
		"from one that is silent": {false, true, func(w *world) { w.ok(w.Vanish(w.ctx, plan.Bases[0])) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			if !tt.better {
				w.both(false)
				w.farAway()
			}
			v := w.accelerate("yes")
			v.More = append(v.More, "vpn.persistent", "yes")
			v.Data["gateway"] = plan.ServerName4
			if !tt.full {
				v = splitTunnel(v)
			}
			w.ok(w.Desktop.Add(w.ctx, v))
			if tt.full {
				w.strictly("on", v.Name)
			}
			w.ok(w.Desktop.Up(w.ctx, v.Name))
			w.settles("UDP to carry everything", 40*time.Second, allUDP)
			b := w.beats()
			secret := w.private(tt.full)
			tt.leave(w)
			w.standsOn(plan.Bases[1], 20*time.Second)
			gap := b.gap()
			t.Logf("longest gap %v, %d lost", gap, b.stop())
			secret()
			w.settles("UDP to carry everything again", 40*time.Second, allUDP)
			w.down("fast")
		})
	}
}

// sameSession returns a function that checks that the server knows the session of now, and no other one.
func (w *world) sameSession() func() {
	w.t.Helper()
	before, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
	w.ok(err)
	if len(before) != 1 {
		w.t.Errorf("the server has the sessions %v", before)
	}
	return func() {
		w.t.Helper()
		after, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
		w.ok(err)
		if !slices.Equal(before, after) {
			w.t.Errorf("sessions are %v, before they were %v", after, before)
		}
	}
}
