// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab"
	"network-manager-softether/lab/softether"
)

// What the desktop's stack hands to the TAP, and what the hub's TAP gives to the office, are the same frames, header by
// header and in the same order within a flow: nothing but the division of superframes happens on the way. The one thing
// that may be missing is, towards the desktop, an acknowledgement that a later one has taken the place of.
func TestInnerFramesAreIdenticalAtBothEnds(t *testing.T) {
	w := freshNetwork(t)
	w.dualStack()
	desk := captureOn(t, w.Desktop.Host, w.tap())
	office := captureOn(t, w.Internet, softether.OfficeTAP)
	w.streams(6_000_000)
	w.datagrams(2_000_000, 40)
	w.datagrams(500_000, 0)
	here, there := desk.end(), office.end()
	w.down("office")
	const tolerated = 20 // what a queue loses of them looks the same
	if n := same(t, "up", flowsOf(t, here, true), flowsOf(t, there, false)); n > tolerated {
		t.Errorf("%d acknowledgements from the desktop are missing", n)
	}
	if n := same(t, "down", flowsOf(t, there, true), flowsOf(t, here, false)); n <= tolerated {
		t.Errorf("%d acknowledgements have taken the place of others: this shows nothing of them", n)
	}
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
// of both TAPs may lose a frame; TCP then sends it again, as another one. A SYN may ask for shorter segments than the
// sender's did: so says a hub that has put UDP beneath the session (softether-protocol.md 10.4), at once in 5.02. It returns
// how many acknowledgements are missing whose next one in the flow says as much.
func same(t *testing.T, way string, sent, arrived map[string][][]byte) int {
	t.Helper()
	frames, lost, stoodFor, shortened := 0, 0, 0, 0
	for key, want := range sent {
		frames += len(want)
		got := arrived[key]
		ahead := map[string]int{} // what is still to come of want
		for _, f := range want {
			ahead[string(f)]++
		}
		for _, f := range want {
			// What nobody has sent must not take what follows with it.
			for len(got) > 0 && ahead[string(got[0])] == 0 && !asksForLess(got[0], f) {
				t.Errorf("%s, %s: frame %d of %d was never sent, or not in this order:\n% x",
					way, key, len(arrived[key])-len(got), len(arrived[key]), got[0][:min(len(got[0]), 80)])
				got = got[1:]
			}
			switch {
			case len(got) > 0 && bytes.Equal(got[0], f):
				got = got[1:]
			case len(got) > 0 && asksForLess(got[0], f):
				shortened++
				got = got[1:]
			case len(got) > 0 && standsFor(got[0], f):
				stoodFor++
			default:
				lost++
			}
			ahead[string(f)]--
		}
		if len(got) > 0 {
			t.Errorf("%s, %s: %d frames more than were sent:\n% x", way, key, len(got), got[0][:min(len(got[0]), 80)])
		}
	}
	for key := range arrived {
		if sent[key] == nil {
			t.Errorf("%s, %s: nobody has sent that", way, key)
		}
	}
	t.Logf("%s: %d frames in %d flows, %d lost, %d acknowledgements that others stand for, %d SYNs with shorter segments",
		way, frames, len(sent), lost, stoodFor, shortened)
	if frames < 8000 || lost > frames/100 {
		t.Errorf("%s: %d of %d frames lost", way, lost, frames)
	}
	return stoodFor
}

// asksForLess reports whether got is the SYN f with a smaller MSS, and nothing else changed.
func asksForLess(got, f []byte) bool {
	mss, at := mssOf(f)
	less, there := mssOf(got)
	if at == 0 || at != there || less >= mss || len(got) != len(f) {
		return false
	}
	_, tcp, _, _, _ := lab.Layers(f)
	as := bytes.Clone(got)
	copy(as[at:at+2], f[at:at+2])
	copy(as[tcp+16:tcp+18], f[tcp+16:tcp+18]) // the checksums were verified
	return bytes.Equal(as, f)
}

// mssOf returns the MSS of a TCP SYN whose first option it is, as it is with Linux, and where it stands: nowhere, in other frames.
func mssOf(f []byte) (mss uint16, at int) {
	const syn = 2
	_, tcp, proto, fragment, err := lab.Layers(f)
	if err != nil || fragment || proto != unix.IPPROTO_TCP || len(f) < tcp+24 || f[tcp+13]&syn == 0 || f[tcp+20] != 2 {
		return 0, 0
	}
	return binary.BigEndian.Uint16(f[tcp+22:]), tcp + 22
}

// standsFor reports whether both are TCP segments that only acknowledge, and f acknowledges more than old.
func standsFor(f, old []byte) bool {
	number := func(f []byte) (uint32, bool) {
		l3, l4, proto, fragment, err := lab.Layers(f)
		if err != nil || fragment || proto != unix.IPPROTO_TCP {
			return 0, false
		}
		end := l3 + int(binary.BigEndian.Uint16(f[l3+2:]))
		if f[l3]>>4 == 6 {
			end = l3 + 40 + int(binary.BigEndian.Uint16(f[l3+4:]))
		}
		const onlyACK = 0x10
		return binary.BigEndian.Uint32(f[l4+8:]), f[l4+13] == onlyACK && end == l4+int(f[l4+12]>>4)*4
	}
	a, onlyA := number(old)
	b, onlyB := number(f)
	return onlyA && onlyB && int32(b-a) > 0
}
