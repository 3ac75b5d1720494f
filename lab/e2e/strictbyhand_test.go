// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// byHand returns the lines of the manual page of nm-softether-strict that turn strict mode on and off by nmcli alone, for
// a connection office to the lab's server. Those for off take the variables of those for on.
func byHand(t *testing.T) (on, off string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(sourceTree(t), "data", "nm-softether-strict.1"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n.SH BY HAND\n")
	section, _, _ = strings.Cut(section, "\n.SH ")
	var blocks []string
	for _, rest := range strings.Split(section, "\n.nf\n")[1:] {
		block, _, _ := strings.Cut(rest, "\n.fi\n")
		block = strings.NewReplacer(`\e`, `\`, `\-`, "-", "192.0.2.1", plan.ServerAddr.String(), "Office", "office").Replace(block)
		blocks = append(blocks, block)
	}
	if len(blocks) != 2 {
		t.Fatalf("the manual page has %d blocks of lines, want two", len(blocks))
	}
	variables, _, found := strings.Cut(blocks[0], "\n# block\n")
	_, networks, there := strings.Cut(blocks[0], "\nnetworks=")
	networks, _, ends := strings.Cut(networks, "\nfor ")
	if !found || !there || !ends {
		t.Fatalf("the lines are not those that were read here before:\n%s", blocks[0])
	}
	return "set -e\n" + blocks[0], "set -e\n" + variables + "\nnetworks=" + networks + "\n" + blocks[1]
}

// A person with nothing but nmcli does what the manual page says.
func TestStrictModeByTheLinesOfTheManual(t *testing.T) {
	w := freshNetwork(t)
	on, off := byHand(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	before := w.rulesOf(plan.Bases[0].Profile)
	for name, away := range map[string]func(){
		"by nm-softether-strict": func() { w.strictly("off", "office") },
		"by hand":                func() { w.inShell(off) },
	} {
		w.inShell(on)
		if out := w.strictly("status"); !strings.Contains(out, "is blocked.") {
			t.Errorf("status says %q", out)
		}
		w.blocked() // before the first connection
		w.ok(w.Desktop.Up(w.ctx, "office"))
		if banner, err := w.Desktop.Banner("office"); err != nil || strings.Contains(banner, "NOT blocked") {
			t.Errorf("the banner is %q, %v", banner, err)
		}
		w.pings(plan.OfficeGateway, plan.OfficeInner)
		w.blocked(func() { w.pings(plan.OfficeInner) })
		w.blocked(func() { w.ok(syscall.Kill(w.service(), syscall.SIGKILL)) }, func() { w.ok(w.Desktop.AwaitGone(w.ctx)) })
		if name == "by hand" {
			w.starts()
		}

		t.Log("taken away", name)
		away()
		w.opened()
		if got := w.rulesOf(plan.Bases[0].Profile); got != before {
			t.Errorf("%s: the network has the rules %q, before it had %q", name, got, before)
		}
		w.ok(w.Desktop.Up(w.ctx, "office"))
		w.web("office", w.addressIn(w.tap(), plan.OfficeNet))
		w.down("office")
		w.baseIntact()
	}
}

// inShell has the person's shell run lines.
func (w *world) inShell(lines string) {
	w.t.Helper()
	_, err := w.Desktop.Must(w.ctx, "sh", "-c", lines)
	w.ok(err)
}

// rulesOf returns the routing rules of a connection.
func (w *world) rulesOf(name string) string {
	w.t.Helper()
	out, err := w.Desktop.MustNMCLI(w.ctx, "-g", "ipv4.routing-rules,ipv6.routing-rules", "connection", "show", name)
	w.ok(err)
	return out
}
