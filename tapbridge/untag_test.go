// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

// tagged is f with tags between the addresses and the type.
func tagged(f []byte, tags ...byte) []byte { return slices.Concat(f[:12], tags, f[12:]) }

var (
	priority    = []byte{0x81, 0x00, 0xe0, 0x00}
	priorityQ   = []byte{0x88, 0xa8, 0x10, 0x00}
	ofVLAN7     = []byte{0x81, 0x00, 0x00, 0x07}
	ofVLAN4095Q = []byte{0x88, 0xa8, 0x0f, 0xff}
)

// A port waits for a frame, or keeps it from the kernel, with and without the tags that the kernel ignores.
func TestPriorityTagsHideNothing(t *testing.T) {
	plain := testFrame(60, 1)
	short := plain[:14]
	for name, tc := range map[string]struct{ frame, want []byte }{
		"no tag":                   {plain, plain},
		"802.1Q":                   {tagged(plain, priority...), plain},
		"802.1ad":                  {tagged(plain, priorityQ...), plain},
		"two":                      {tagged(plain, slices.Concat(priorityQ, priority)...), plain},
		"three":                    {tagged(plain, slices.Concat(priority, priority, priority)...), plain},
		"nothing behind":           {tagged(short, priority...), short},
		"a VLAN":                   {tagged(plain, ofVLAN7...), tagged(plain, ofVLAN7...)},
		"a service provider's":     {tagged(plain, ofVLAN4095Q...), tagged(plain, ofVLAN4095Q...)},
		"a VLAN behind":            {tagged(plain, slices.Concat(priority, ofVLAN7)...), tagged(plain, ofVLAN7...)},
		"behind a VLAN":            {tagged(plain, slices.Concat(ofVLAN7, priority)...), tagged(plain, slices.Concat(ofVLAN7, priority)...)},
		"cut off":                  {tagged(short, priority...)[:17], tagged(short, priority...)[:17]},
		"cut off behind the first": {tagged(short, slices.Concat(priority, priority)...)[:20], tagged(short, priority...)[:16]},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *tapbridgetest.Device, b *tapbridge.Bridge) {
				before := bytes.Clone(tc.frame)
				b.Receive([][]byte{tc.frame})
				equal(t, "at the host", [][]byte{tc.want}, take(d.Frames()))
				p := b.NewPort(func(f []byte) bool { return bytes.Equal(f, tc.want) }, 1)
				b.Receive([][]byte{tc.frame})
				equal(t, "at the port", [][]byte{tc.want}, take(p.Frames()))
				equal(t, "at the host, with a port that wants it", nil, take(d.Frames()))
				equal(t, "after it was received", [][]byte{before}, [][]byte{tc.frame})
			})
		})
	}
}

// What the tags above are to a kernel: it answers questions behind those that are taken off, and no others.
func TestTheKernelIgnoresPriorityTags(t *testing.T) {
	s := newSide(t, tapbridge.TAPConfig{}, 1)
	answers := newRecorder()
	s.bridge.SetLink(answers)
	asker := net.HardwareAddr{0x5e, 0, 0, 0, 0, 2}
	question := func(from byte) []byte {
		f := slices.Concat(bytes.Repeat([]byte{0xff}, 6), asker, []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, asker, []byte{10, 9, 0, from}, make([]byte, 6), netip.MustParseAddr(s.v4).AsSlice())
		return append(f, make([]byte, 60-len(f))...)
	}
	write := func(f []byte) {
		t.Helper()
		if n, err := s.tap.Write([][]byte{f}); n != 1 || err != nil {
			t.Fatalf("%d written: %v", n, err)
		}
	}
	for i, tags := range [][]byte{nil, priority, priorityQ, slices.Concat(priorityQ, priority), slices.Concat(priority, priority, priority)} {
		from := byte(10 + i)
		write(tagged(question(99), ofVLAN7...))
		write(tagged(question(98), slices.Concat(priority, ofVLAN4095Q)...))
		write(tagged(question(from), tags...))
		for deadline := time.After(time.Minute); ; {
			var f []byte
			select {
			case f = <-answers.got:
			case <-deadline:
				t.Fatalf("no answer to a question with tags %x", tags)
			}
			if len(f) < frame.HeaderLen+28 || f[12] != 8 || f[13] != 6 || f[21] != 2 {
				continue // the kernel has more to say
			}
			if f[41] != from {
				t.Errorf("with tags %x, an answer to the question of host %d", tags, f[41])
				continue
			}
			break
		}
	}
}
