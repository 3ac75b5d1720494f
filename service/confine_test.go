// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// confinedVar makes the test binary the child that gives up its rights.
const confinedVar = "SERVICE_TEST_CONFINED"

// confinedChild tries what a connection that is up must not be able to do, and what it
// must. It prints one line for each thing that is not as it should be.
func confinedChild() {
	dir := os.Getenv(confinedVar)
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn}))
	confine(log)
	refused := func(what string, err error) {
		if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) {
			fmt.Println(what, "ended with", err)
		}
	}
	_, err := os.ReadFile("/etc/hosts")
	if err != nil {
		fmt.Println("reading /etc/hosts:", err)
	}
	refused("writing a file", os.WriteFile(filepath.Join(dir, "new"), nil, 0o600))
	refused("starting a program", exec.Command("/bin/true").Run())
	_, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	refused("a raw socket", err)
	l, err := net.Listen("tcp", "127.0.0.1:0") // sockets of our own are what is left
	if err != nil {
		fmt.Println("a socket:", err)
	} else {
		l.Close()
	}
	status, _ := os.ReadFile("/proc/self/status")
	for _, want := range []string{"CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1"} {
		if !strings.Contains(string(status), want) {
			fmt.Println("not in /proc/self/status:", want)
		}
	}
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		status, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/status")
		if !strings.Contains(string(status), "CapEff:\t0000000000000000") {
			fmt.Println("thread", task.Name(), "kept capabilities")
		}
	}
}

func TestAConnectionThatIsUpHasGivenUpItsRights(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), confinedVar+"="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Error(err)
	}
	_, err = user.Lookup(serviceUser)
	installed := err == nil
	told := false
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "there is no user "+serviceUser) && !installed {
			told = true
			continue
		}
		t.Error(strings.TrimSpace(line))
	}
	if !installed && !told {
		t.Error("it stayed root and did not say so")
	}
}
