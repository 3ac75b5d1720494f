// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/systembus"
	"network-manager-softether/service/notice"
)

// On Debian's own system bus, with NetworkManager's rules and ours, an ordinary user hears what root's service says, and
// can neither call it nor take its name.
func TestOrdinaryUsersHearTheServiceOnTheRealSystemBus(t *testing.T) {
	if address := os.Getenv(ordinaryVar); address != "" {
		listenAsOrdinaryUser(t, address)
		return
	}
	const nmRules = "/usr/share/dbus-1/system.d/org.freedesktop.NetworkManager.conf"
	real, err := os.ReadFile("/usr/share/dbus-1/system.conf")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Only where it listens, and as whom it runs, is another.
	text := regexp.MustCompile(`(?s)<user>.*?</user>|<fork/>|<pidfile>.*?</pidfile>|<listen>.*?</listen>|<includedir>.*?</includedir>|<include .*?</include>|<servicehelper>.*?</servicehelper>|<standard_system_servicedirs/>`).ReplaceAllString(string(real), "")
	abs, err := filepath.Abs(policy)
	if err != nil {
		t.Fatal(err)
	}
	socket, file := filepath.Join(dir, "bus"), filepath.Join(dir, "bus.conf")
	text = strings.Replace(text, "</busconfig>", "<listen>unix:path="+socket+"</listen>"+systembus.Include(nmRules)+systembus.Include(abs)+"</busconfig>", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("dbus-daemon", "--config-file="+file, "--nofork", "--nopidfile")
	daemon.Stderr = os.Stderr
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	defer daemon.Wait()
	defer daemon.Process.Kill()
	address := "unix:path=" + socket
	var root *dbus.Conn
	for range 300 {
		if root, err = dbus.Connect(address); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	export(t, root, "org.freedesktop.NetworkManager.softether.Connection_1", nil)

	// The test's own program may be where that user cannot go.
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "listener")
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	listener := exec.Command(program, "-test.run=^"+t.Name()+"$", "-test.v")
	listener.Dir, listener.Env = "/", append(os.Environ(), ordinaryVar+"="+address)
	listener.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
				_ = root.Emit(notice.Path, notice.Interface+"."+notice.Signal, "uuid", "failed", "server-refused", uint32(8))
			}
		}
	}()
	out, err := listener.CombinedOutput()
	close(done)
	if err != nil || !strings.Contains(string(out), "heard [uuid failed server-refused 8]") {
		t.Errorf("%v\n%s", err, out)
	}
}

// ordinaryVar has the address of the bus for the part of the test that runs as an ordinary user.
const ordinaryVar = "NOTIFY_TEST_BUS"

func listenAsOrdinaryUser(t *testing.T, address string) {
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w, err := watch(conn, &desktop{conn: conn}, &profiles{conn: conn}, newKeeper(overBus{conn}, &desktop{conn: conn}))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.owners) != 1 {
		t.Errorf("services found: %v", w.owners)
	}
	if reply, err := conn.RequestName("org.freedesktop.NetworkManager.softether.Connection_2", dbus.NameFlagDoNotQueue); err == nil {
		t.Errorf("it could take a service's name: %v", reply)
	}
	err = conn.Object("org.freedesktop.NetworkManager.softether.Connection_1", "/org/freedesktop/NetworkManager/VPN/Plugin").
		Call("org.freedesktop.NetworkManager.VPN.Plugin.Disconnect", 0).Err
	if err == nil || !strings.Contains(err.Error(), "Rejected") {
		t.Errorf("calling the service: %v", err)
	}
	for {
		select {
		case s := <-w.signals:
			if s.Name == notice.Interface+"."+notice.Signal {
				fmt.Println("heard", s.Body)
				return
			}
		case <-time.After(time.Minute):
			t.Fatal("heard nothing")
		}
	}
}
