// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// parallel gives the profile n connections.
func parallel(v desktop.VPN, n int, half bool) desktop.VPN {
	v.Data["max-connections"] = fmt.Sprint(n)
	if half {
		v.Data["half-duplex"] = "yes"
	}
	return ipv4Only(v)
}

// connections waits until the server has n TCP connections from the desktop, and returns them.
func (w *world) connections(n int, limit time.Duration) (ports []string) {
	w.t.Helper()
	w.eventually(fmt.Sprint(n, " connections"), limit, func() (err error) {
		ports, err = w.VPNConnections(w.ctx)
		return is("the number of connections", len(ports), n, err)
	})
	return ports
}

// session returns the name of Alice's only session on the hub and what the server says about it.
func (w *world) session(hub string) (name string, facts map[string]string) {
	w.t.Helper()
	names, err := w.Server.Sessions(w.ctx, hub, softether.Alice)
	w.ok(err)
	if len(names) != 1 {
		w.t.Fatalf("sessions are %v, want one", names)
	}
	out, err := w.Server.Admin(w.ctx, "Hub "+hub+"\nSessionGet "+names[0])
	w.ok(err)
	facts = make(map[string]string)
	for line := range strings.Lines(out) {
		if key, value, ok := strings.Cut(line, "|"); ok {
			facts[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return names[0], facts
}

// watch pings addr without a pause until stop is called, which returns the longest time without an answer.
func (w *world) watch() (stop func() time.Duration) {
	ctx, cancel := context.WithCancel(w.ctx)
	worst := make(chan time.Duration)
	go func() {
		var longest time.Duration
		for began := time.Now(); ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			_, err := w.Desktop.Ping(ctx, plan.OfficeGateway)
			longest = max(longest, time.Since(began))
			if err == nil {
				began = time.Now()
			}
		}
		worst <- longest
	}()
	return func() time.Duration {
		cancel()
		return <-worst
	}
}

func TestEightConnectionsCarryTheTraffic(t *testing.T) {
	t.Parallel()
	for name, half := range map[string]bool{"full duplex": false, "half duplex": true} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			w.up(parallel(w.profile("office", softether.HubOffice, softether.Alice), 8, half))
			w.pings(plan.OfficeGateway)
			w.connections(8, 20*time.Second)
			id, facts := w.session(softether.HubOffice)
			if facts["Number of TCP Connections"] != "8" || facts["VoIP / QoS Function"] != "Enabled" ||
				strings.HasPrefix(facts["Half Duplex TCP Connection Mode"], "Yes") != half {
				t.Errorf("the server says: %v", facts)
			}
			for _, reverse := range []bool{false, true} {
				bits, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 3*time.Second, reverse)
				w.ok(err)
				t.Logf("%s, reverse %t: %.0f Mbit/s", name, reverse, bits/1e6)
				if bits < 20e6 {
					t.Errorf("%s, reverse %t: only %.1f Mbit/s", name, reverse, bits/1e6)
				}
			}
			w.pings(plan.OfficeGateway, plan.OfficeInner)
			w.connections(8, 5*time.Second)
			if now, _ := w.session(softether.HubOffice); now != id {
				t.Errorf("session %s became %s", id, now)
			}
			w.down("office")
		})
	}
}

// TestUploadsComeToUseConnectionsThatAreAddedLater: eight uploads begin while there is one connection, and never pause.
func TestUploadsComeToUseConnectionsThatAreAddedLater(t *testing.T) {
	w := freshNetwork(t)
	v := parallel(w.profile("office", softether.HubOffice, softether.Alice), 4, false)
	v.Data["connection-interval"], v.Data["qos"] = "2", "no"
	w.up(v)
	// The lines are fast: without a limit what is measured is who gets the processor.
	res, err := w.Desktop.Run(w.ctx, netns.Command{Args: []string{"iperf3", "--client", plan.OfficeGateway.String(), "--parallel", "8", "--bitrate", "10M", "--time", "15"}})
	w.ok(err)
	if res.Code != 0 {
		t.Fatalf("iperf3: %s", res.Text())
	}
	bytes, err := w.VPNBytes(w.ctx)
	w.ok(err)
	const upload, least = 8 * 15 * 10_000_000 / 8, 4 << 20 // of bytes; the last connection is there for 9 s
	var total uint64
	for port, n := range bytes {
		t.Logf("port %s: %d bytes", port, n)
		if total += n; n < least {
			t.Errorf("port %s carried %d bytes, want %d or more", port, n, least)
		}
	}
	if len(bytes) != 4 || total < upload*9/10 {
		t.Errorf("%d connections carried %d bytes, want 4 and %d", len(bytes), total, upload)
	}
	w.down("office")
}

func TestConnectionsAreReplacedAtTheEndOfTheirLifetime(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"one": 1, "three": 3} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			v := parallel(w.profile("office", softether.HubOffice, softether.Alice), n, false)
			v.Data["connection-lifetime"] = "4"
			w.up(v)
			ports := w.connections(n, 10*time.Second)
			id, _ := w.session(softether.HubOffice)
			stop := w.watch()
			time.Sleep(12 * time.Second)
			gap := stop()
			t.Logf("the longest time without an answer: %v", gap.Round(time.Millisecond))
			if gap > 10*time.Second { // as long as it watches, nearly
				t.Errorf("no answer for %v", gap)
			}
			now, err := w.VPNConnections(w.ctx)
			w.ok(err)
			if slices.ContainsFunc(now, func(p string) bool { return slices.Contains(ports, p) }) {
				t.Errorf("of the connections %v some are still there: %v", ports, now)
			}
			if after, _ := w.session(softether.HubOffice); after != id {
				t.Errorf("session %s became %s", id, after)
			}
			w.down("office")
		})
	}
}

func TestCompressedSession(t *testing.T) {
	w := freshNetwork(t)
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	v.Data["compression"] = "yes"
	w.up(v) // with a real DHCP lease
	w.pings(plan.OfficeGateway, plan.OfficeInner)
	_, facts := w.session(softether.HubOffice)
	if !strings.HasPrefix(facts["Use of Compression"], "Yes") {
		t.Errorf("use of compression: %q, want yes", facts["Use of Compression"])
	}
	for _, reverse := range []bool{false, true} {
		bits, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 2*time.Second, reverse)
		w.ok(err)
		t.Logf("reverse %t: %.0f Mbit/s", reverse, bits/1e6)
	}
	w.down("office")
}
