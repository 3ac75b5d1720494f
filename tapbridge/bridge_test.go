// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// recorder is a Link that keeps what it gets.
type recorder struct {
	got chan []byte
	err error
}

func newRecorder() *recorder { return &recorder{got: make(chan []byte, 1024)} }

func (r *recorder) Send(b *frame.Batch) error {
	for _, f := range b.Frames() {
		r.got <- bytes.Clone(f)
	}
	return r.err
}

// testFrame is a frame of an unknown type with n bytes, the last being mark.
func testFrame(n int, mark byte) []byte {
	f := make([]byte, n)
	copy(f, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5})
	f[n-1] = mark
	return f
}

// take returns what is in the channel now. The bubble is durably blocked first.
func take(c <-chan []byte) [][]byte {
	synctest.Wait()
	var out [][]byte
	for {
		select {
		case f, ok := <-c:
			if !ok {
				return out
			}
			out = append(out, f)
		default:
			return out
		}
	}
}

func equal(t *testing.T, what string, want, got [][]byte) {
	t.Helper()
	if slices.EqualFunc(want, got, bytes.Equal) {
		return // cmp takes its time with long frames
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected frames %s (-want +got):\n%s", what, diff)
	}
}

// bubble runs f with a bridge of a device in memory.
func bubble(t *testing.T, f func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge)) {
	bubbletest.Run(t, func(t *testing.T) {
		d := tapbridgetest.NewDevice(1024)
		b := tapbridge.New(d, nil)
		defer b.Close()
		f(t, d, b)
	})
}

func TestFramesGoToTheLinkThatIsPluggedIn(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		d.Send(testFrame(60, 1)) // to nowhere
		synctest.Wait()
		first, second := newRecorder(), newRecorder()
		b.SetLink(first)
		d.Send(testFrame(60, 2), testFrame(1514, 3))
		equal(t, "at the first link", [][]byte{testFrame(60, 2), testFrame(1514, 3)}, take(first.got))
		b.SetLink(second)
		d.Send(testFrame(60, 4))
		equal(t, "at the second link", [][]byte{testFrame(60, 4)}, take(second.got))
		b.SetLink(nil)
		d.Send(testFrame(60, 5))
		equal(t, "at the first link after it was replaced", nil, take(first.got))
		equal(t, "at the second link after it was unplugged", nil, take(second.got))
		want := tapbridge.Stats{SentBatches: 2, SentFrames: 3, SentBytes: 60 + 1514 + 60, SendDropped: 2}
		if diff := cmp.Diff(want, b.Stats()); diff != "" {
			t.Errorf("unexpected stats (-want +got):\n%s", diff)
		}
	})
}

func TestALinkThatIsOverDoesNotEndTheBridge(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		b.SetLink(&recorder{got: make(chan []byte, 9), err: errors.New("session over")})
		d.Send(testFrame(60, 1))
		synctest.Wait()
		if err := b.Err(); err != nil {
			t.Errorf("the bridge ended: %v", err)
		}
		if n := b.Stats().SendDropped; n != 1 {
			t.Errorf("%d frames dropped, want 1", n)
		}
	})
}

func TestReceivedFramesReachTheHostIfTheirLengthIsPossible(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		var in, want [][]byte
		for _, n := range []int{14, 60, frame.MaxLen, 1514} {
			in = append(in, testFrame(n, byte(n)), nil, []byte{1}, make([]byte, 13), make([]byte, frame.MaxLen+1))
			want = append(want, testFrame(n, byte(n)))
		}
		b.Receive(in)
		b.Receive(nil)
		equal(t, "at the host", want, take(d.Frames()))
		if s := b.Stats(); s.ReceivedFrames != 4 || s.ReceiveDropped != 16 {
			t.Errorf("unexpected stats %+v", s)
		}
	})
}

// What is for the host goes to no port, whatever the port wants.
func TestAFrameForTheHostAlone(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		p := b.NewPort(func([]byte) bool { return true }, 1)
		f := testFrame(60, 1)
		if err := b.ToHost(f); err != nil {
			t.Error(err)
		}
		equal(t, "at the host", [][]byte{f}, take(d.Frames()))
		if len(p.Frames()) > 0 {
			t.Error("a port has it")
		}
		if err := b.ToHost(f[:13]); !errors.Is(err, tapbridge.ErrBadFrame) {
			t.Errorf("a frame of 13 bytes: %v", err)
		}
		b.Close()
		if err := b.ToHost(f); !errors.Is(err, tapbridge.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestReceiveTakesMoreFramesThanFitInOnePass(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		var in [][]byte
		for i := range 1000 {
			in = append(in, testFrame(60, byte(i)))
		}
		b.Receive(in)
		equal(t, "at the host", in, take(d.Frames()))
	})
}

func TestTheEndOfTheDeviceEndsTheBridge(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(d *tapbridgetest.Device, b *tapbridge.Bridge)
		want error
	}{
		{"deleted", func(d *tapbridgetest.Device, _ *tapbridge.Bridge) { d.Vanish() }, tapbridge.ErrTAPGone},
		{"deleted, then closed", func(d *tapbridgetest.Device, b *tapbridge.Bridge) { d.Vanish(); synctest.Wait(); b.Close() }, tapbridge.ErrTAPGone},
		{"closed", func(_ *tapbridgetest.Device, b *tapbridge.Bridge) { b.Close() }, tapbridge.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
				p := b.NewPort(func([]byte) bool { return true }, 1)
				if b.Err() != nil {
					t.Errorf("an error before the end: %v", b.Err())
				}
				tt.end(d, b)
				<-b.Done()
				if !errors.Is(b.Err(), tt.want) {
					t.Errorf("error %v, want %v", b.Err(), tt.want)
				}
				<-d.Closed()
				if _, ok := <-p.Frames(); ok {
					t.Error("the channel of a port is still open")
				}
				late := b.NewPort(func([]byte) bool { return true }, 1)
				if _, ok := <-late.Frames(); ok {
					t.Error("the channel of a port made too late is open")
				}
				b.Receive([][]byte{testFrame(60, 1)})
				equal(t, "at the host", nil, take(d.Frames()))
			})
		})
	}
}

func TestCloseGivesUpOnAStuckLink(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		l := stuck{make(chan struct{}, 1), make(chan struct{})}
		b.SetLink(l)
		d.Send(testFrame(60, 1))
		<-l.entered
		start := time.Now()
		if err := b.Close(); !errors.Is(err, tapbridge.ErrStuck) || time.Since(start) != 5*time.Second {
			t.Errorf("error %v after %v, want ErrStuck after 5s", err, time.Since(start))
		}
		close(l.release)
	})
}

func TestASlowLinkStopsTheReading(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		d := tapbridgetest.NewDevice(0) // whatever is taken from the host is with the bridge
		b := tapbridge.New(d, nil)
		l := stuck{make(chan struct{}, 1), make(chan struct{})}
		b.SetLink(l)
		sent := make(chan int, 1000)
		go func() {
			for i := range 1000 {
				d.Send(testFrame(1514, byte(i)))
				sent <- i
			}
		}()
		synctest.Wait()
		if n := len(sent); n == 0 || n > 60 {
			t.Errorf("%d frames were read with the link stuck, want one batch", n)
		}
		close(l.release)
		synctest.Wait()
		if n := len(sent); n != 1000 {
			t.Errorf("%d frames were read after that, want 1000", n)
		}
		b.Close()
	})
}
