// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/softether"
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
	v := w.profile("everything", softether.HubOffice, softether.Alice)
	v.Data["udp-acceleration"] = "yes"
	v.Data["max-connections"] = "4"
	v.Data["compression"] = "yes"
	w.up(quick(v))
	w.pings(plan.OfficeInner)
	if _, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 12*time.Second, false); err != nil { // UDP is used after ten seconds
		t.Fatal(err)
	}
	if _, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, time.Second, true); err != nil {
		t.Fatal(err)
	}
	w.ok(w.ResetConnections(w.ctx))
	w.flows(20 * time.Second)
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	w.flows(20 * time.Second)
	w.down("everything")

	calls, err := desktop.CallsInSandbox(dir)
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

// withoutRights says what rights the one service process has left.
func (w *world) withoutRights() error {
	none := strings.Repeat("0", 16)
	want := map[string]string{
		"NoNewPrivs": "1", "Seccomp": "2", "Groups": "",
		"CapEff": none, "CapPrm": none, "CapInh": none, "CapAmb": none,
	}
	pids := w.Desktop.Services()
	if len(pids) != 1 {
		return fmt.Errorf("service processes are %v, want one", pids)
	}
	status, err := procfs.Status(pids[0])
	if err != nil {
		return err
	}
	for field, value := range want {
		if status[field] != value {
			return fmt.Errorf("%s is %q, want %q", field, status[field], value)
		}
	}
	if strings.Contains(" "+status["Uid"]+" "+status["Gid"]+" ", " 0 ") {
		return fmt.Errorf("it is still root: Uid %s, Gid %s", status["Uid"], status["Gid"])
	}
	return nil
}

func TestServiceReconnectsWithoutRights(t *testing.T) {
	w := network(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	w.ok(w.withoutRights())
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	w.flows(20 * time.Second)
	w.down("office")
}

// Whoever answers at the server's address, and before the first byte of the answer, talks to a process without rights.
func TestAHostileServerMeetsAProcessWithoutRights(t *testing.T) {
	w := network(t)
	l, err := w.Internet.Listen("tcp", plan.ServerAddr.String()+":8081")
	w.ok(err)
	defer l.Close()
	v := ipv4Only(w.profile("hostile", softether.HubOffice, softether.Alice))
	v.Data["gateway"] = plan.ServerAddr.String() + ":8081"
	w.ok(w.Desktop.Add(w.ctx, v))
	up := make(chan error, 1)
	go func() { up <- w.Desktop.Up(w.ctx, "hostile") }()
	conn, err := l.Accept()
	w.ok(err)
	w.ok(w.withoutRights())
	conn.Close()
	if err := <-up; err == nil {
		t.Error("the connection came up")
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
}

// No test can make Go's runtime use each of its calls; that it has them can be read in its source.
func TestTheRuntimeHasTheCallsThatItIsPermitted(t *testing.T) {
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, pattern := range []string{"src/runtime/*_linux_amd64.s", "src/runtime/*.go", "src/internal/runtime/syscall/linux/*.go", "src/internal/runtime/*/*.go", "src/internal/syscall/unix/*.go", "src/syscall/zsyscall_linux_amd64.go", "src/syscall/zsyscall_linux.go"} {
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), pattern))
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
