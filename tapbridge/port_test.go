// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

func TestAListenerTakesNothingAway(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		marked := func(m byte) func([]byte) bool {
			return func(f []byte) bool { return f[len(f)-1] == m }
		}
		port := b.NewPort(marked(1), 4)
		ear := b.NewListener(func(f []byte) bool { return !marked(2)(f) }, 2)
		in := [][]byte{testFrame(60, 0), testFrame(60, 1), testFrame(60, 2), testFrame(60, 3)}
		b.Receive(in)
		equal(t, "at the host", [][]byte{in[0], in[2], in[3]}, take(d.Frames()))
		equal(t, "at the port", [][]byte{in[1]}, take(port.Frames()))
		equal(t, "at the listener, which has room for two", [][]byte{in[0], in[1]}, take(ear.Frames()))
		ear.Close()
		if _, ok := <-ear.Frames(); ok {
			t.Error("the channel of a closed listener is open")
		}
	})
}

func TestAPortGetsWhatItWantsInsteadOfTheHost(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		marked := func(m byte) func([]byte) bool {
			return func(f []byte) bool { return f[len(f)-1] == m }
		}
		one, two := b.NewPort(marked(1), 2), b.NewPort(marked(1), 2)
		three := b.NewPort(marked(3), 2)
		in := [][]byte{testFrame(60, 0), testFrame(60, 1), testFrame(60, 2), testFrame(60, 3)}
		b.Receive(in)
		in[1][20] = 9 // the port has a copy
		equal(t, "at the host", [][]byte{in[0], in[2]}, take(d.Frames()))
		equal(t, "at the first port", [][]byte{testFrame(60, 1)}, take(one.Frames()))
		equal(t, "at the second port, which is later", nil, take(two.Frames()))
		equal(t, "at the third port", [][]byte{testFrame(60, 3)}, take(three.Frames()))

		one.Close()
		one.Close()
		if _, ok := <-one.Frames(); ok {
			t.Error("the channel of a closed port is open")
		}
		for i := range 5 { // two more than it has room for
			b.Receive([][]byte{testFrame(60+i, 1)})
		}
		equal(t, "at the second port", [][]byte{testFrame(60, 1), testFrame(61, 1)}, take(two.Frames()))
		want := tapbridge.Stats{
			ReceivedBatches: 6, ReceivedFrames: 2, ReceivedBytes: 120, PortFrames: 4, PortDropped: 3,
		}
		if diff := cmp.Diff(want, b.Stats()); diff != "" {
			t.Errorf("unexpected stats (-want +got):\n%s", diff)
		}

		two.Close()
		b.Receive([][]byte{testFrame(60, 1)})
		equal(t, "at the host when no port is left", [][]byte{testFrame(60, 1)}, take(d.Frames()))
	})
}

func TestAPortSendsToTheLink(t *testing.T) {
	bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
		p, r := b.NewPort(func([]byte) bool { return false }, 1), newRecorder()
		if err := p.Send(testFrame(60, 1)); err != nil {
			t.Errorf("with nothing plugged in: %v", err)
		}
		b.SetLink(r)
		for _, n := range []int{14, frame.MaxLen} {
			if err := p.Send(testFrame(n, 2)); err != nil {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
		for _, n := range []int{0, 13, frame.MaxLen + 1} {
			if err := p.Send(make([]byte, n)); !errors.Is(err, tapbridge.ErrBadFrame) {
				t.Errorf("%d bytes: error %v, want ErrBadFrame", n, err)
			}
		}
		equal(t, "at the link", [][]byte{testFrame(14, 2), testFrame(frame.MaxLen, 2)}, take(r.got))
		b.Close()
		if err := p.Send(testFrame(60, 1)); !errors.Is(err, tapbridge.ErrClosed) {
			t.Errorf("after Close: error %v, want ErrClosed", err)
		}
	})
}
