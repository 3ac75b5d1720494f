// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// The one network there is changes below the VPN: its profile persists or does not, as long as NetworkManager keeps it.
func TestTheNetworkChanges(t *testing.T) {
	t.Parallel()
	base, far := plan.Bases[0], wan0
	ip := func(w *world, h *netns.Host, args ...string) {
		w.t.Helper()
		_, err := h.Must(w.ctx, append([]string{"ip"}, args...)...)
		w.ok(err)
	}
	for _, tt := range []struct {
		name    string
		prepare func(w *world)
		change  func(w *world)
	}{
		{"no carrier for two seconds", func(*world) {}, func(w *world) {
			w.ok(w.Internet.SetLink(far, false))
			time.Sleep(2 * time.Second)
			w.ok(w.Internet.SetLink(far, true))
			ip(w, w.Internet, "address", "replace", base.Router6.String()+"/64", "dev", far, "nodad")
		}},
		{"another address", func(*world) {}, func(w *world) {
			// As after a DHCP lease that could not be renewed.
			ip(w, w.Desktop.Host, "address", "add", "10.81.0.77/24", "dev", base.Device)
			ip(w, w.Desktop.Host, "address", "add", "fd81::77/64", "dev", base.Device, "nodad")
			ip(w, w.Desktop.Host, "address", "del", base.Address.String()+"/24", "dev", base.Device)
			ip(w, w.Desktop.Host, "address", "del", base.Address6.String()+"/64", "dev", base.Device)
			ip(w, w.Desktop.Host, "address", "replace", "10.81.0.77/24", "dev", base.Device)
			ip(w, w.Desktop.Host, "route", "replace", "default", "via", base.Router.String(), "dev", base.Device, "metric", "100")
		}},
		{"another router", func(w *world) {
			ip(w, w.Internet, "address", "add", "10.81.0.254/24", "dev", far)
			ip(w, w.Internet, "address", "add", "fd81::fe/64", "dev", far, "nodad")
		}, func(w *world) {
			_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", base.Profile, "ipv4.gateway", "10.81.0.254", "ipv6.gateway", "fd81::fe")
			w.ok(err)
			_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", base.Device)
			w.ok(err)
			// The old one answers no more.
			ip(w, w.Internet, "address", "del", base.Router.String()+"/24", "dev", far)
			ip(w, w.Internet, "address", "replace", "10.81.0.254/24", "dev", far)
			ip(w, w.Internet, "address", "del", base.Router6.String()+"/64", "dev", far)
			ip(w, w.Desktop.Host, "neighbour", "flush", "dev", base.Device)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rides(t, every, func(t *testing.T, r ride) {
				w := freshNetwork(t)
				w.verbose()
				w.farAway()
				tt.prepare(w)
				w.up(r.of(w.persistent("vpn.persistent", "no")))
				same := w.sameSession()
				end := w.streamsMeanwhile()
				b := w.beats()
				secret := w.private(r.full)
				tt.change(w)
				changed := time.Now()
				gap := b.gap()
				t.Logf("longest gap %v, %d lost, traffic %v after the change at the latest", gap, b.stop(), time.Since(changed))
				end()
				secret()
				same()
				w.wantState("office", desktop.Activated)
				w.down("office")
			})
		})
	}
}

func TestTheComputerSleeps(t *testing.T) {
	t.Parallel()
	const nobody = "SoftEther VPN"
	for _, tt := range []struct {
		name  string
		rides []ride
		time  time.Duration
		wake  int // the base that is there then
	}{
		{"for a moment", every, 3 * time.Second, 0},
		{"for long", []ride{full4, split6}, 30 * time.Second, 0},
		{"for long, and wakes in another network", []ride{full6, split4}, 30 * time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rides(t, tt.rides, func(t *testing.T, r ride) {
				w := freshNetwork(t)
				w.verbose()
				logind, err := w.Desktop.StartLogind()
				w.ok(err)
				w.up(r.of(w.persistent()))
				w.eventually("the service to want to hear of sleep", 10*time.Second, func() error {
					return is("that", logind.Holds(nobody), true, nil)
				})
				pid := w.service()
				secret := w.private(r.full)
				took, err := logind.Sleep(w.ctx)
				w.ok(err)
				t.Logf("sleeping was delayed by %v", took)
				w.ok(syscall.Kill(pid, syscall.SIGSTOP))
				if tt.wake != 0 {
					w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
				}
				time.Sleep(tt.time)
				w.ok(syscall.Kill(pid, syscall.SIGCONT))
				began := time.Now()
				w.ok(logind.Wake())
				if tt.wake != 0 {
					_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[tt.wake].Profile)
					w.ok(err)
				}
				w.pings(plan.OfficeGateway)
				t.Logf("traffic flows %v after waking", time.Since(began))
				w.on("office", plan.Bases[tt.wake])
				secret()
				w.eventually("the service to want to hear of the next sleep", 10*time.Second, func() error {
					return is("that", logind.Holds(nobody), true, nil)
				})
				w.down("office")
			})
		})
	}
}

// What a computer does that was frozen without a word.
func TestTheServiceIsFrozen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rides []ride
		time  time.Duration
		thaw  int  // the base that is there then
		lives bool // the session, which has to show that
	}{
		{"for a moment", every, 12 * time.Second, 0, true},
		{"for longer than the server waits", []ride{full4, split6}, 45 * time.Second, 0, false},
		{"while the base changes", []ride{full6, split4}, 12 * time.Second, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rides(t, tt.rides, func(t *testing.T, r ride) {
				w := freshNetwork(t)
				w.verbose()
				w.up(r.of(w.persistent()))
				same := func() {}
				if tt.lives {
					same = w.sameSession()
				}
				pid := w.service()
				secret := w.private(r.full)
				w.ok(syscall.Kill(pid, syscall.SIGSTOP))
				if tt.thaw != 0 {
					w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
					_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[tt.thaw].Profile)
					w.ok(err)
				}
				time.Sleep(tt.time)
				w.ok(syscall.Kill(pid, syscall.SIGCONT))
				took := w.flows(60 * time.Second)
				t.Logf("traffic flows %v after the thaw", took)
				if tt.lives {
					w.eventually("the session to show that it lives", 20*time.Second, func() error {
						out, err := w.Desktop.Journalctl(w.ctx)
						if err == nil && (!strings.Contains(out, "this process or the computer was suspended") || !strings.Contains(out, "moved (server=")) {
							err = fmt.Errorf("the journal does not say so")
						}
						return err
					})
				}
				w.on("office", plan.Bases[tt.thaw])
				secret()
				same()
				if now := w.service(); now != pid {
					t.Errorf("another service, %d, has the connection, before it was %d", now, pid)
				}
				w.down("office")
			})
		})
	}
}

// The server moves to another address while the tunnel, whose own name servers know nothing of it, carries everything. The
// first of the base's name servers is dead.
func TestTheServersNameMoves(t *testing.T) {
	t.Parallel()
	rides(t, every, func(t *testing.T, r ride) {
		from, to := plan.ServerAddr, movedTo
		if r.v6 {
			from, to = plan.ServerAddr6, movedTo6
		}
		w := freshNetwork(t)
		w.verbose()
		first, second := netip.MustParseAddr("203.0.113.53"), netip.MustParseAddr("203.0.113.54")
		dead, well := w.serveNames(first, true), w.serveNames(second, false)
		for _, args := range [][]string{{"modify", plan.Bases[0].Profile, "ipv4.dns", first.String() + "," + second.String()}, {"up", plan.Bases[0].Profile}} {
			_, err := w.Desktop.MustNMCLI(w.ctx, append([]string{"connection"}, args...)...)
			w.ok(err)
		}
		w.pings(first) // NetworkManager 1.52 calls the base up before it leads anywhere
		v := r.of(w.persistent())
		v.Data["gateway"] = movingName
		w.ok(w.MoveName(movingName, from))
		w.up(quick(v))
		w.asksBeside(dead, well)
		secret := w.private(r.full)
		w.ips(w.Internet, "address add "+plan.Single(to).String()+" dev lo", "address del "+plan.Single(from).String()+" dev lo")
		w.ok(w.MoveName(movingName, to))
		began := time.Now()
		w.eventually("the tunnel to lead to the new address", 90*time.Second, func() error {
			res, err := w.Desktop.Must(w.ctx, "ss", "-Htn", "state", "established", "dst", plan.Single(to).String())
			if err == nil && !strings.Contains(res, to.String()) {
				err = fmt.Errorf("there is no connection to %v", to)
			}
			return err
		})
		w.pings(plan.OfficeInner)
		t.Logf("found %v after the move", time.Since(began))
		w.asksBeside(dead, well)
		w.eventually("NetworkManager's route to it", 10*time.Second, func() error {
			route, err := w.Desktop.HostRoute(to.String())
			if err == nil && route == "" {
				err = fmt.Errorf("there is none")
			}
			return err
		})
		secret()
		w.down("office")
	})
}
