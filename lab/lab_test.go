// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
)

// victimVar makes the test binary a program that only builds a lab and waits to be killed.
const victimVar = "LAB_TEST_VICTIM"

func TestMain(m *testing.M) {
	os.Exit(netns.Main(func() int {
		if os.Getenv(victimVar) == "" {
			return m.Run()
		}
		if _, err := Start(context.Background(), withoutPlugin()); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("ready")
		select {}
	}))
}

// withoutPlugin is enough for a lab in which nobody connects.
func withoutPlugin() Options {
	return Options{Plugin: desktop.Plugin{Service: "/bin/true", AuthDialog: "/bin/true", Policy: "/usr/share/dbus-1/system.d/org.freedesktop.NetworkManager.conf"}}
}

func TestLabIsOnlineAndItsServerKeepsItsCertificateWhenKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l, err := Start(ctx, withoutPlugin())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := l.Desktop.Ping(ctx, plan.ServerAddr); err != nil {
		t.Error(err)
	}
	if _, err := l.Desktop.Ping(ctx, plan.ServerAddr6); err != nil {
		t.Error(err)
	}
	if out, err := l.Desktop.Must(ctx, "getent", "ahosts", plan.ServerName); err != nil || !strings.Contains(out, plan.ServerAddr.String()) {
		t.Errorf("the desktop resolves %s to %q, %v", plan.ServerName, out, err)
	}
	if err := l.Server.UseSignedCert(ctx); err != nil {
		t.Fatal(err)
	}
	before, err := l.Server.Fingerprint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Server.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.Server.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if after, err := l.Server.Fingerprint(ctx); err != nil || after != before {
		t.Errorf("fingerprint after the restart is %s, %v; before it was %s", after, err, before)
	}
	if err := l.Desktop.UseBase(ctx, 1); err != nil {
		t.Error(err)
	}
	if dev, err := l.Desktop.RouteTo(plan.ServerAddr); err != nil || dev != plan.Bases[1].Device {
		t.Errorf("after the change of base the server is reached by %q, %v", dev, err)
	}
}

func TestNothingIsLeftWhenTheLabIsKilled(t *testing.T) {
	before := len(procfs.All())
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), victimVar+"=1", netns.StageVar+"=")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	during := len(procfs.All())
	if err != nil || line != "ready\n" || during < before+5 {
		t.Errorf("the lab said %q, %v, and has %d processes", line, err, during-before)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	err = netns.Await(t.Context(), "the killed lab's processes to end", time.Minute, func() error {
		if now := len(procfs.All()); now > before {
			return fmt.Errorf("%d of %d are left", now-before, during-before)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
