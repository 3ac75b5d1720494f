// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// confinedVar makes the test binary the child that gives up its rights.
const confinedVar = "SANDBOX_TEST_CONFINED"

// confinedDone is the line after which the child waits for the end of its input.
const confinedDone = "tried everything"

// confinedChild tries what a process that listens to a server must not be able to do, and
// what it must. It prints one line for each thing that is not as it should be.
func confinedChild() {
	dir := os.Getenv(confinedVar)
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn}))
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		fmt.Println("a peer:", err)
		return
	}
	if err := NoCoreDumps(); err != nil {
		fmt.Println("no core dumps:", err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); dumpable != 0 || err != nil {
		fmt.Println("a crash would be written down:", dumpable, err)
	}
	if err := Enter(log); err != nil {
		fmt.Println(err)
	}
	refused := func(what string, err error) {
		if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) {
			fmt.Println(what, "ended with", err)
		}
	}
	works := func(what string, err error) {
		if err != nil {
			fmt.Println(what+":", err)
		}
	}
	_, err = os.ReadFile("/etc/hosts")
	works("reading /etc/hosts", err)
	c, err := net.Dial("udp4", peer.LocalAddr().String())
	works("a UDP socket", err)
	_, err = c.Write([]byte("x"))
	works("sending", err)
	_, _, err = peer.ReadFrom(make([]byte, 1))
	works("receiving", err)
	_, err = net.LookupHost("localhost")
	works("looking up a name", err)
	_, err = net.Dial("tcp4", "127.0.0.1:1")
	if !errors.Is(err, unix.ECONNREFUSED) {
		fmt.Println("a TCP connection to a closed port:", err)
	}

	_, err = os.ReadFile("/proc/self/status")
	refused("reading in /proc", err)
	_, err = os.ReadFile("/usr/lib/os-release")
	refused("reading outside /etc", err)
	_, err = os.ReadFile("/etc/shadow")
	refused("reading what is root's", err)
	refused("writing a file", os.WriteFile(filepath.Join(dir, "new"), nil, 0o600))
	refused("removing a file", os.Remove(filepath.Join(dir, "old")))
	refused("starting a program", exec.Command("/bin/true").Run())
	_, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	refused("a raw socket", err)
	_, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	refused("a packet socket", err)
	_, err = net.Listen("tcp", "127.0.0.1:0")
	refused("listening", err)
	refused("looking into another process", unix.PtraceAttach(os.Getppid()))
	refused("sending a signal", unix.Kill(os.Getppid(), 0))
	refused("becoming root", unix.Setresuid(0, 0, 0))
	_, err = unix.IoctlGetInt(0, unix.TIOCINQ)
	refused("an ioctl", err)
	refused("a mount", unix.Unmount(dir, 0))
	refused("another network", unix.Unshare(unix.CLONE_NEWUSER))
	fmt.Println(confinedDone)
	os.Stdin.Read(make([]byte, 1))
}

func TestMain(m *testing.M) {
	if os.Getenv(confinedVar) != "" {
		confinedChild()
		return
	}
	os.Exit(m.Run())
}

func TestAServerIsHeardWithoutRights(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), confinedVar+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _, err = serviceIDs()
	installed := err == nil
	told, done := false, false
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == confinedDone:
			done = true
			everyThreadIsConfined(t, cmd.Process.Pid)
			in.Close()
		case strings.Contains(line, "there is no user "+serviceUser) && !installed:
			told = true
		default:
			t.Error(line)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if !done {
		t.Error("the child ended early")
	}
	if !installed && !told {
		t.Error("nothing was said about the missing user")
	}
}

// everyThreadIsConfined looks at a process from outside, with the rights of the test.
func everyThreadIsConfined(t *testing.T, pid int) {
	t.Helper()
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	if err != nil || len(threads) == 0 {
		t.Fatalf("no threads of %d: %v", pid, err)
	}
	for _, path := range threads {
		status, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		fields := make(map[string]string)
		for line := range strings.Lines(string(status)) {
			key, value, _ := strings.Cut(line, ":")
			fields[key] = strings.TrimSpace(value)
		}
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
			if fields[set] != "0000000000000000" {
				t.Errorf("%s: %s is %s", path, set, fields[set])
			}
		}
		for key, want := range map[string]string{"NoNewPrivs": "1", "Seccomp": "2", "Groups": ""} {
			if fields[key] != want {
				t.Errorf("%s: %s is %q, want %q", path, key, fields[key], want)
			}
		}
		if slices.Contains(strings.Fields(fields["Uid"]+" "+fields["Gid"]), "0") {
			t.Errorf("%s: uids %s, gids %s", path, fields["Uid"], fields["Gid"])
		}
	}
}

func TestAUserWithoutANameIsNobodyElse(t *testing.T) {
	seen := make(map[int]bool)
	for pid := range 50 {
		id, err := namelessID(pid)
		if err != nil {
			t.Fatal(err)
		}
		if id < dynamicFirst || id > dynamicLast {
			t.Errorf("id %d is not of systemd's dynamic range", id)
		}
		seen[id] = true
	}
	if len(seen) < 40 {
		t.Errorf("50 processes have only %d ids", len(seen))
	}
}
