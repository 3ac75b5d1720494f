// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
)

// ofFlow is a UDP datagram in a frame of n bytes, from that port.
func ofFlow(port, n int) []byte {
	f := make([]byte, n)
	binary.BigEndian.PutUint16(f[12:], 0x0800) // IPv4
	f[14], f[14+9] = 0x45, 17                  // its header's length, UDP
	binary.BigEndian.PutUint16(f[34:], uint16(port))
	return f
}

func TestFlowsOfLongFramesStayTogetherOnTCP(t *testing.T) {
	type frames []struct{ port, n int }
	taken := make(map[uint64]bool)
	var ports [5]int // of flows that are told apart
	for i, port := 1, 1; i < len(ports); port++ {
		if at := slot(ofFlow(port, 60)); !taken[at] {
			taken[at], ports[i] = true, port
			i++
		}
	}
	begin := time.Now()
	k := new(fork)
	for _, step := range []struct {
		why         string
		after       time.Duration
		in          frames
		short, long frames
	}{
		{"only short ones", 0, frames{{1, 100}, {2, 1300}}, frames{{1, 100}, {2, 1300}}, nil},
		{"only long ones", 0, frames{{1, 1301}, {1, 1500}}, nil, frames{{1, 1301}, {1, 1500}}},
		{"a flow with a long one at its end, and another", 0, frames{{3, 60}, {4, 60}, {3, 1514}}, frames{{4, 60}}, frames{{3, 60}, {3, 1514}}},
		{"a moment later", forkRest - time.Millisecond, frames{{3, 60}, {4, 60}}, frames{{4, 60}}, frames{{3, 60}}},
		{"long after", forkRest, frames{{1, 60}, {3, 60}, {4, 60}}, frames{{1, 60}, {3, 60}, {4, 60}}, nil},
	} {
		var in [][]byte
		for _, f := range step.in {
			in = append(in, ofFlow(ports[f.port], f.n))
		}
		n := k.sort(begin.Add(step.after), 1300, in)
		told := func(fs [][]byte) (told frames) {
			for _, f := range fs {
				told = append(told, struct{ port, n int }{slices.Index(ports[:], int(binary.BigEndian.Uint16(f[34:]))), len(f)})
			}
			return told
		}
		if diff := cmp.Diff(step.short, told(k.short), cmp.AllowUnexported(struct{ port, n int }{})); diff != "" {
			t.Errorf("%s: short (-want +got)\n%s", step.why, diff)
		}
		if diff := cmp.Diff(step.long, told(k.rest), cmp.AllowUnexported(struct{ port, n int }{})); diff != "" || n != len(step.long) {
			t.Errorf("%s: long (-want +got)\n%s", step.why, diff)
		}
		if len(k.short) > 0 && n > 0 && k.long.Len() != len(step.long) {
			t.Errorf("%s: %d frames are taken for TCP, want %d", step.why, k.long.Len(), len(step.long))
		}
	}
}

func TestForkAllocatesNothingAfterItsFirstFrames(t *testing.T) {
	k := new(fork)
	var in [][]byte
	for i := range 64 {
		in = append(in, ofFlow(1+i%2, 60+i%2*(frame.MaxLen-60)))
	}
	k.sort(time.Now(), 1300, in)
	if n := testing.AllocsPerRun(100, func() { k.sort(time.Now(), 1300, in) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
