// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/softether"
)

// logged is when the journal has a line with those words, since a time.
func (w *world) logged(since time.Time, words string) (at time.Duration) {
	w.t.Helper()
	out, err := w.Desktop.Journalctl(w.ctx, "-o", "short-unix", "--since", fmt.Sprintf("@%d.%06d", since.Unix(), since.Nanosecond()/1000))
	w.ok(err)
	for line := range strings.Lines(out) {
		if !strings.Contains(line, words) {
			continue
		}
		seconds, err := strconv.ParseFloat(regexp.MustCompile(`^[\d.]+`).FindString(line), 64)
		w.ok(err)
		at = time.Duration(seconds * float64(time.Second))
	}
	if at == 0 {
		w.t.Fatalf("the journal has no line with %q", words)
	}
	return at
}

// median of an odd number of times.
func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// A lease costs four messages and their way; most of the time a person waits is the login's. The cable, with NetworkManager's
// own client and the same server, is for comparison.
func TestALeaseIsNoWait(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.ok(w.CableToOffice(cable))
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "add", "type", "ethernet", "con-name", cable, "ifname", cable, "autoconnect", "no", "ipv6.method", "disabled", "ipv4.never-default", "yes")
	w.ok(err)
	_, err = w.Desktop.MustNMCLI(w.ctx, "device", "set", cable, "autoconnect", "no")
	w.ok(err)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	messages := func() (n int) {
		for _, kind := range []string{"DHCPDISCOVER(", "DHCPOFFER(", "DHCPREQUEST(", "DHCPACK("} {
			n += strings.Count(w.Office.Log(100000), kind)
		}
		return n
	}
	var up, lease, wired []time.Duration
	for range 5 {
		said, began := messages(), time.Now()
		w.ok(w.Desktop.Up(w.ctx, "office"))
		up = append(up, time.Since(began))
		lease = append(lease, w.logged(began, "DHCP lease acquired")-w.logged(began, "logged in"))
		if n := messages() - said; n != 4 {
			t.Logf("%d DHCP messages, on a computer too busy for four", n)
		}
		w.down("office")

		began = time.Now()
		w.ok(w.Desktop.Up(w.ctx, cable))
		wired = append(wired, time.Since(began))
		_, err := w.Desktop.MustNMCLI(w.ctx, "device", "disconnect", cable)
		w.ok(err)
	}
	t.Logf("medians: nmcli up %v, of which from the login to the lease %v; nmcli up of the cable %v", median(up), median(lease), median(wired))
	if median(lease) > median(up)/2 {
		t.Errorf("of %v, %v pass between the login and the lease", median(up), median(lease))
	}
}
