// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge"
)

// An Impairment is what a bad line does to each direction.
type Impairment struct {
	Delay   time.Duration // one way
	Loss    float64       // share of frames lost, 0..1
	Reorder float64       // share of frames that take half the delay, and so overtake
	Rate    float64       // bit/s, 0 = no limit
	Queue   int           // frames that wait for their time before more are lost; 0 = 4096
}

// A Line is the cable of the first or the slow base connection, or of the official client, through a computer in
// between that delays, loses and reorders frames, as this kernel has no netem. Two bridges there each join one end of
// the cable with a TAP device, and frames go from TAP to TAP through a queue.
//
//	desktop base0 -- in0 [br-in] wire-in  ~ queue ~  wire-out [br-out] out0 -- wan0 internet
type Line struct {
	state atomic.Pointer[Impairment]
	isp   *Host // the computer in between
	taps  [2]*tapbridge.TAP
	done  sync.WaitGroup
}

// Set changes the line from now on; frames already on their way keep their time.
func (w *Line) Set(i Impairment) {
	if i.Queue == 0 {
		i.Queue = 4096
	}
	w.state.Store(&i)
}

// Plug plugs the near host's cable into the line, or pulls it there.
func (w *Line) Plug(in bool) error { return w.isp.SetLink(lineNear, in) }

// Between returns the computer in between, and its interfaces to the near host and to the Internet: who is there is on the path.
func (w *Line) Between() (isp *Host, near, far string) { return w.isp, lineNear, lineFar }

// The ends of the two cables on the computer in between.
const (
	lineNear = "in0"
	lineFar  = "out0"
)

// NewLine makes isp the computer between a host's device and an interface of the Internet, and starts to move frames,
// unimpaired.
func NewLine(isp, near *Host, device string, internet *Host, far string) (*Line, error) {
	w := &Line{isp: isp}
	w.Set(Impairment{})
	if err := Cable(near, device, isp, lineNear); err != nil {
		return nil, err
	}
	if err := Cable(isp, lineFar, internet, far); err != nil {
		return nil, err
	}
	for i, side := range []string{"in", "out"} {
		err := isp.Do(func() error {
			var err error
			// Plain mode: the line loses frames, not superframes of many.
			w.taps[i], err = tapbridge.OpenTAP(tapbridge.TAPConfig{
				Name: "wire-" + side, MAC: net.HardwareAddr{2, 0, 0, 0, 0, byte(i)},
				MTU: 1500, DisableIPv6: true, PlainMode: true,
			})
			return err
		})
		if err != nil {
			return nil, err
		}
		bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br-" + side}}
		if err := isp.Net.LinkAdd(bridge); err != nil {
			return nil, fmt.Errorf("making bridge br-%s: %w", side, err)
		}
		if err := isp.Net.LinkSetUp(bridge); err != nil {
			return nil, err
		}
		for _, port := range []string{side + "0", "wire-" + side} {
			if err := isp.PlugInto("br-"+side, port); err != nil {
				return nil, err
			}
		}
	}
	for i := range w.taps {
		w.done.Go(func() { w.carry(w.taps[i], w.taps[1-i]) })
	}
	isp.OnClose(func() {
		for _, t := range w.taps {
			t.Close()
		}
		w.done.Wait()
	})
	return w, nil
}

// underway is a frame and the time at which it arrives.
type underway struct {
	at    time.Time
	frame []byte
}

// carry moves frames in one direction until a TAP is closed.
func (w *Line) carry(from, to *tapbridge.TAP) {
	queue, overtaking := make(chan underway, 1<<16), make(chan underway, 1<<12)
	var delivery sync.WaitGroup
	var writing sync.Mutex // a TAP takes frames from one goroutine at a time
	for _, q := range []chan underway{queue, overtaking} {
		delivery.Go(func() {
			for u := range q {
				time.Sleep(time.Until(u.at))
				writing.Lock()
				_, _ = to.Write([][]byte{u.frame}) // fails only when the lab ends
				writing.Unlock()
			}
		})
	}
	defer delivery.Wait()
	defer close(queue)
	defer close(overtaking)

	b := frame.NewBatch(64*2048, 64)
	random := rand.New(rand.NewPCG(1, 2)) // the same line in every run
	var free time.Time                    // when the last frame has left, at a limited rate
	for from.Read(b) == nil {
		i := w.state.Load()
		for _, f := range b.Frames() {
			if random.Float64() < i.Loss || len(queue) >= i.Queue {
				continue
			}
			now := time.Now()
			if i.Rate > 0 {
				if free.Before(now) {
					free = now
				}
				free = free.Add(time.Duration(float64(len(f)*8) / i.Rate * float64(time.Second)))
				now = free
			}
			u := underway{now.Add(i.Delay), append([]byte(nil), f...)}
			if random.Float64() < i.Reorder {
				u.at = now.Add(i.Delay / 2)
				select {
				case overtaking <- u:
				default:
				}
				continue
			}
			queue <- u
		}
		b.Reset()
	}
}
