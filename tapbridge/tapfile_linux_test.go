// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/tapbridge/offload"
)

// fakeTAP is a TAP whose driver is the test: a socket that keeps the boundaries of
// what is written, as the driver does. It takes no message of more than about 4.5 KB.
func fakeTAP(t *testing.T, log *slog.Logger) (tap *TAP, driver int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_SNDBUF, 1); err != nil {
		t.Fatal(err)
	}
	tap = &TAP{file: os.NewFile(uintptr(fds[0]), "fake"), log: log, vnet: true, usoOK: true, name: "fake"}
	if tap.raw, err = tap.file.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	tap.in.init(tap)
	tap.out.init(tap)
	t.Cleanup(func() { tap.Close(); unix.Close(fds[1]) })
	return tap, fds[1]
}

// stream is n right segments of one UDP flow, 1400 bytes each.
func stream(n int) [][]byte {
	var out [][]byte
	for range n {
		f := make([]byte, 62+1400)
		copy(f, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60})
		binary.BigEndian.PutUint16(f[18:], 1408)
		f[20], f[21], f[37], f[53] = 17, 64, 1, 2
		copy(f[54:], []byte{0, 9, 0, 9, 1408 >> 8, 1408 & 0xff})
		// The payload is zero and the addresses are 1 and 2.
		binary.BigEndian.PutUint16(f[60:], ^uint16(1+2+17+1408+9+9+1408))
		out = append(out, f)
	}
	return out
}

func TestAKernelThatRefusesSuperframesGetsFramesOnly(t *testing.T) {
	var log bytes.Buffer
	tap, driver := fakeTAP(t, slog.New(slog.NewTextHandler(&log, nil)))
	frames := stream(4)
	buf := make([]byte, 10000)
	for round := range maxRefused + 2 {
		if want := round < maxRefused; tap.out.merge != want {
			t.Errorf("round %d: superframes are made: %v, want %v", round, tap.out.merge, want)
		}
		took, err := tap.Write(frames)
		if err != nil || took == 0 {
			t.Fatalf("round %d: took %d, %v", round, took, err)
		}
		for range took {
			n, err := unix.Read(driver, buf)
			if want := append(make([]byte, offload.HeaderLen), frames[0]...); err != nil || !bytes.Equal(buf[:n], want) {
				t.Fatalf("round %d: the driver got %d bytes (%v), want a frame", round, n, err)
			}
		}
	}
	if n := strings.Count(log.String(), "refuses superframes"); n != 1 {
		t.Errorf("said %d times:\n%s", n, &log)
	}
}

func TestASuperframeIsOneWrite(t *testing.T) {
	tap, driver := fakeTAP(t, slog.New(slog.DiscardHandler))
	if took, err := tap.Write(stream(3)); took != 3 || err != nil {
		t.Fatalf("took %d, %v", took, err)
	}
	buf := make([]byte, 10000)
	if n, err := unix.Read(driver, buf); n != offload.HeaderLen+62+3*1400 || err != nil {
		t.Errorf("the driver got %d bytes, %v", n, err)
	}
}

// answers is n plain acknowledgements of one TCP flow, each of 100 bytes more.
func answers(n int) [][]byte {
	var out [][]byte
	for i := range n {
		f := make([]byte, 74)
		copy(f, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60})
		f[19], f[20], f[21], f[37], f[53] = 20, 6, 64, 1, 2
		number := uint16(100 * i)
		f[55], f[57], f[66], f[67] = 9, 9, 0x50, 0x10
		binary.BigEndian.PutUint16(f[64:], number)
		binary.BigEndian.PutUint16(f[70:], ^(1 + 2 + 6 + 20 + 9 + 9 + number + 0x5010))
		out = append(out, f)
	}
	return out
}

// To a counter of frames there is no difference.
func TestAcknowledgementsThatAreLeftOutCountLikeTheOneThatStandsForThem(t *testing.T) {
	tap, driver := fakeTAP(t, slog.New(slog.DiscardHandler))
	in := answers(5)
	if took, err := tap.Write(in); took != 5 || err != nil {
		t.Fatalf("took %d, %v", took, err)
	}
	buf := make([]byte, 10000)
	n, err := unix.Read(driver, buf)
	if diff := cmp.Diff(append(make([]byte, offload.HeaderLen), in[4]...), buf[:max(n, 0)]); diff != "" || err != nil {
		t.Errorf("%v; unexpected write (-want +got):\n%s", err, diff)
	}
	if _, err := unix.Read(driver, buf); err != unix.EAGAIN {
		t.Errorf("there was another write, or %v", err)
	}
	if err := unix.Shutdown(driver, unix.SHUT_RD); err != nil {
		t.Fatal(err)
	}
	if took, err := tap.Write(in); took != 0 || err != nil {
		t.Errorf("took %d, %v of a driver that takes none", took, err)
	}
}

func TestWhatTheDriverGetsWrongIsDropped(t *testing.T) {
	var log bytes.Buffer
	tap, driver := fakeTAP(t, slog.New(slog.NewTextHandler(&log, nil)))
	good := append(make([]byte, offload.HeaderLen), stream(1)[0]...)
	for _, b := range [][]byte{
		{1}, make([]byte, 23), append([]byte{0, 99}, make([]byte, 80)...), make([]byte, 3000), good,
	} {
		if _, err := unix.Write(driver, b); err != nil {
			t.Fatal(err)
		}
	}
	b := frame.NewBatch(4000, 4)
	if err := tap.Read(b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stream(1), b.Frames()); diff != "" {
		t.Errorf("unexpected frames (-want +got):\n%s", diff)
	}
	if n := strings.Count(log.String(), "dropped a frame"); n != 1 {
		t.Errorf("said %d times:\n%s", n, &log)
	}
}

func TestADriverThatEndsTheFileEndsTheTAP(t *testing.T) {
	tap, driver := fakeTAP(t, slog.New(slog.DiscardHandler))
	if err := unix.Shutdown(driver, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	if err := tap.Read(frame.NewBatch(4000, 4)); !errors.Is(err, ErrTAPGone) {
		t.Errorf("error %v, want ErrTAPGone", err)
	}
}

func TestADriverThatOnlyFailsEndsTheTAP(t *testing.T) {
	dir, err := os.Open(t.TempDir()) // each read fails with EISDIR
	if err != nil {
		t.Fatal(err)
	}
	tap := &TAP{file: dir, log: slog.New(slog.DiscardHandler), name: "fake"}
	if tap.raw, err = dir.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	tap.in.init(tap)
	defer tap.Close()
	leaktest.Ends(t, "reading", func() { err = tap.Read(frame.NewBatch(4000, 4)) })
	if !errors.Is(err, unix.EISDIR) {
		t.Errorf("error %v, want EISDIR", err)
	}
}

// A driver may fail now and then for as long as the device lives.
func TestFailuresBetweenFramesEndNothing(t *testing.T) {
	tap, driver := fakeTAP(t, slog.New(slog.DiscardHandler))
	tap.in.strange = maxStrange
	if _, err := unix.Write(driver, append(make([]byte, offload.HeaderLen), stream(1)[0]...)); err != nil {
		t.Fatal(err)
	}
	if err := tap.Read(frame.NewBatch(4000, 4)); err != nil || tap.in.strange != 0 {
		t.Errorf("%v, and %d failures count after a frame", err, tap.in.strange)
	}
}

func TestCloseEndsReadAndWrite(t *testing.T) {
	tap, _ := fakeTAP(t, slog.New(slog.DiscardHandler))
	failed := make(chan error)
	go func() { failed <- tap.Read(frame.NewBatch(4000, 4)) }()
	if err := tap.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; !errors.Is(err, ErrClosed) {
		t.Errorf("Read: error %v, want ErrClosed", err)
	}
	if _, err := tap.Write(stream(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("Write: error %v, want ErrClosed", err)
	}
}

func TestADriverThatIsMissing(t *testing.T) {
	cfg := TAPConfig{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}}
	if _, err := openTAP("/nonexistent/tun", cfg); !errors.Is(err, ErrNoTUN) {
		t.Errorf("error %v, want ErrNoTUN", err)
	}
	// Something else in its place: the probe falls back, and then the device says so.
	_, err := openTAP("/dev/null", cfg)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, unix.ENOTTY) || !strings.Contains(err.Error(), "TUNSETIFF") {
		t.Errorf("error %v, want one of TUNSETIFF", err)
	}
}
