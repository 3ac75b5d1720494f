// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/service/sandbox"
)

// What the sandbox permits is what a connection does, no less and no more: with everything on, over a lost connection
// and a lost session, to a moved name, and through a proxy.
func TestTheSandboxFitsTheService(t *testing.T) {
	dir := t.TempDir()
	w := freshNetwork(t, func(o *lab.Options) {
		if err := o.Traced(dir); err != nil {
			t.Fatal(err)
		}
	})
	v := w.profile("everything", lab.HubOffice, lab.Alice)
	v.Data["udp-acceleration"] = "yes"
	v.Data["max-connections"] = "4"
	v.Data["compression"] = "yes"
	w.up(quick(v))
	w.pings(lab.OfficeInner)
	if _, err := w.Desktop.Iperf(w.ctx, lab.OfficeGateway, 12*time.Second, false); err != nil { // UDP is used after ten seconds
		t.Fatal(err)
	}
	if _, err := w.Desktop.Iperf(w.ctx, lab.OfficeGateway, time.Second, true); err != nil {
		t.Fatal(err)
	}
	w.ok(w.ResetConnections(w.ctx))
	w.flows(20 * time.Second)
	w.ok(w.Server.Kick(w.ctx, lab.HubOffice, lab.Alice))
	w.flows(20 * time.Second)
	w.down("everything")

	calls, err := lab.CallsInSandbox(dir)
	w.ok(err)
	used := make(map[string]bool)
	permitted := make(map[string]sandbox.Permitted)
	for _, p := range slices.Concat(sandbox.Ours, sandbox.Runtimes) {
		permitted[p.Name] = p
	}
	for _, c := range calls {
		used[c.Name] = true
		if p, ok := permitted[c.Name]; !ok {
			t.Errorf("the service wants what the sandbox forbids: %s", c.Text)
		} else if c.Denied && p.Where != nil { // the kernel itself refuses, too
			t.Errorf("the sandbox forbids arguments that the service has: %s", c.Text)
		}
	}
	for _, p := range sandbox.Ours {
		if !used[p.Name] {
			t.Errorf("%s (%s) is permitted and was not used", p.Name, p.What)
		}
	}
}

// No test can make Go's runtime use each of its calls; that it has them can be read in its source.
func TestTheRuntimeHasTheCallsThatItIsPermitted(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"src/runtime/*_linux_amd64.s", "src/runtime/*.go", "src/internal/runtime/syscall/linux/*.go", "src/internal/runtime/*/*.go", "src/internal/syscall/unix/*.go", "src/syscall/zsyscall_linux_amd64.go", "src/syscall/zsyscall_linux.go"} {
		files, err := filepath.Glob(filepath.Join(runtime.GOROOT(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(b)
		}
	}
	for _, p := range sandbox.Runtimes {
		if p.Name == "restart_syscall" {
			continue // the kernel's own way to go on after a stopped process continues
		}
		known := func(name string) bool { return strings.Contains(source.String(), name) }
		if !known("SYS_"+p.Name) && !known("SYS_"+strings.ToUpper(p.Name)) && !known(p.Name+"Trap") {
			t.Errorf("the runtime has no %s (%s)", p.Name, p.What)
		}
	}
}
