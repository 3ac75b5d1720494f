// SPDX-License-Identifier: Apache-2.0

// Package bustest runs a real dbus-daemon of its own for a test.
package bustest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/systembus"
)

// free is what tests may do in addition to what a policy file allows: call as NetworkManager, whose own
// policy file lets root do so, and look around.
const free = `<policy user="root">
    <allow send_interface="org.freedesktop.NetworkManager.VPN.Plugin"/>
  </policy>
  <policy context="default">
    <allow send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_interface="org.freedesktop.DBus.Properties"/>
  </policy>`

// A Bus is a running dbus-daemon.
type Bus struct {
	Address string
	daemon  *exec.Cmd
}

// New starts a bus as strict as the system's, with the policy file, if it is not empty,
// and stops it with the test.
func New(t testing.TB, policy string) *Bus {
	t.Helper()
	// t.TempDir may be longer than the 108 bytes of a socket address.
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	rules := []string{free}
	if policy != "" {
		abs, err := filepath.Abs(policy)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, systembus.Include(abs))
	}
	socket, file := filepath.Join(dir, "bus"), filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(file, []byte(systembus.Config(socket, rules...)), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &Bus{Address: "unix:path=" + socket}
	b.daemon = exec.Command("dbus-daemon", "--config-file="+file, "--nofork", "--nopidfile", "--print-address")
	b.daemon.Stderr = os.Stderr
	out, err := b.daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	started := make(chan bool, 1)
	go func() { started <- bufio.NewScanner(out).Scan() }() // it prints its address when it listens
	select {
	case ok := <-started:
		if !ok {
			t.Fatal("dbus-daemon ended at once")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("dbus-daemon did not start")
	}
	return b
}

// Stop ends the bus, as a crash would; it may be called twice.
func (b *Bus) Stop() {
	// Both fail the second time, and the first Wait returns the signal.
	_ = b.daemon.Process.Kill()
	_ = b.daemon.Wait()
}

// Connect returns a new connection, closed with the test.
func (b *Bus) Connect(t testing.TB) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(b.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
