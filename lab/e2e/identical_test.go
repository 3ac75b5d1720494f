// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"testing"

	"network-manager-softether/lab"
)

// What the desktop's stack hands to the TAP, and what the hub's TAP gives to the office, are the same frames, header by
// header and in the same order within a flow: nothing but the division of superframes happens on the way.
func TestInnerFramesAreIdenticalAtBothEnds(t *testing.T) {
	w := freshNetwork(t)
	w.dualStack()
	desk := captureOn(t, w.Desktop.Host, w.tap())
	office := captureOn(t, w.Internet, lab.OfficeTAP)
	w.streams(6_000_000)
	w.datagrams(2_000_000, 40)
	w.datagrams(500_000, 0)
	here, there := desk.end(), office.end()
	w.down("office")
	same(t, "up", flowsOf(t, here, true), flowsOf(t, there, false))
	same(t, "down", flowsOf(t, there, true), flowsOf(t, here, false))
	for _, outgoing := range []bool{true, false} {
		for _, kind := range []byte{tcp4Segments, tcp6Segments, udpSegments} {
			n := 0
			for _, p := range here {
				if p.vnet.kind == kind && p.outgoing == outgoing {
					n++
				}
			}
			t.Logf("superframes of kind %d on the desktop's TAP, outgoing %v: %d", kind, outgoing, n)
			if n == 0 {
				t.Errorf("no superframe of kind %d, outgoing %v: this shows nothing of them", kind, outgoing)
			}
		}
	}
}

// flowsOf splits what went one way into frames and verifies their checksums.
func flowsOf(t *testing.T, packets []captured, outgoing bool) map[string][][]byte {
	t.Helper()
	flows := map[string][][]byte{}
	for _, p := range packets {
		if p.outgoing != outgoing {
			continue
		}
		key, ok := flowKey(p.data)
		if !ok {
			continue // ARP, neighbour discovery
		}
		frames, err := split(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			if err := verify(f); err != nil {
				t.Fatalf("%s: %v, in % x", key, err, f[:min(len(f), 80)])
			}
			flows[key] = append(flows[key], f)
		}
	}
	return flows
}

// same checks that what arrived was sent, in that order, and that next to nothing was lost. The queues of the server and
// of both TAPs may lose a frame; TCP then sends it again, as another one.
func same(t *testing.T, way string, sent, arrived map[string][][]byte) {
	t.Helper()
	frames, lost := 0, 0
	for key, got := range arrived {
		want, at := sent[key], 0
		for i, f := range got {
			from := at
			for at < len(want) && !bytes.Equal(want[at], f) {
				at++
			}
			if at == len(want) {
				t.Errorf("%s, %s: frame %d of %d was never sent, or not in this order:\n% x\nnext sent:\n% x",
					way, key, i, len(got), f[:min(len(f), 80)], want[min(from, len(want)-1)][:min(len(f), 80)])
				break
			}
			at++
		}
	}
	for key, want := range sent {
		frames, lost = frames+len(want), lost+len(want)-len(arrived[key])
	}
	t.Logf("%s: %d frames in %d flows, %d lost", way, frames, len(sent), lost)
	if frames < 8000 || lost > frames/100 {
		t.Errorf("%s: %d of %d frames lost", way, lost, frames)
	}
}
