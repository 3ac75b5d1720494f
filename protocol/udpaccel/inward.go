// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

const (
	receiveMax = 1024 // frames passed on at once
	// idleAfter is when an idle path stops listening to the peer's keep-alives, which come more often than
	// this computer should wake up. By then it is known whether the path works, and the peer has noticed that
	// it is not used.
	idleAfter = 15 * time.Second
	// errorPause is how long reading stops after the kernel has reported an error.
	errorPause = 10 * time.Millisecond
)

// rest does not listen for as long as the path is idle.
func (p *Path) rest(in *receiver) {
	if p.active.Load() || p.now()-time.Duration(p.changed.Load()) < p.idleAfter || !in.refuse(true) {
		return
	}
	p.deaf.Store(true)
	for stopped := false; !stopped && !p.active.Load(); {
		select {
		case <-p.read:
		case <-p.stop:
			stopped = true
		}
	}
	p.engine.Forgive()
	in.refuse(false)
	p.deaf.Store(false)
}

// readAll passes frames on until the path is closed.
func (p *Path) readAll(in *receiver) {
	frames := make([][]byte, 0, receiveMax)
	var last time.Duration // when the last packets arrived
	bulk := false          // whether they were long
	for {
		p.rest(in)
		n, err := in.receive()
		p.counter.receiveCalls.Store(in.calls)
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			// An ICMP message about an earlier packet. Reading the error has cleared it; the pause is in case
			// it has not.
			p.counter.sendErrors.Add(1)
			select {
			case <-p.stop:
				return
			case <-time.After(errorPause):
			}
			continue
		}
		now := p.now()
		if bulk && n < receiveMessages && now-last < bulkGap {
			gather()
		}
		last = now
		var packets, bytes uint64
		p.engine.opening.Lock()
		for i := range n {
			m, size := in.message(i)
			for len(m) > 0 {
				packet := m[:min(size, len(m))]
				m = m[len(packet):]
				packets++
				f, err := p.engine.Open(now, packet)
				if d, ok := err.(Drop); ok {
					p.counter.dropped[d].Add(1)
				}
				if f == nil {
					continue
				}
				bytes += uint64(len(f))
				frames = append(frames, f)
				// An expanded frame is valid only until the next Open.
				if len(frames) == receiveMax || p.engine.params.Compressed {
					frames = p.deliver(frames)
				}
			}
		}
		frames = p.deliver(frames)
		p.engine.opening.Unlock()
		p.counter.receivedPackets.Add(packets)
		p.counter.receivedBytes.Add(bytes)
		bulk = bytes > bulkSize*packets
	}
}

// In bulk transfer, servers send packet by packet, and being woken for each of them costs more than reading
// it. So if the last packets were longer than bulkSize on average, which acknowledgements and speech are not,
// and new ones came less than bulkGap after them, the next ones are left to gather in the kernel for a
// moment. That also makes for longer superframes to the host, and fewer acknowledgements of them.
const (
	bulkSize = 512 // bytes
	bulkGap  = 500 * time.Microsecond
	moment   = 50 * time.Microsecond
)

// gather waits. Go's timers would wait for a millisecond, as its poller does.
func gather() {
	ts := unix.NsecToTimespec(moment.Nanoseconds())
	_ = unix.Nanosleep(&ts, nil) // interrupted: a shorter moment
}

// deliver passes frames on and returns the slice empty.
func (p *Path) deliver(frames [][]byte) [][]byte {
	if len(frames) > 0 {
		p.counter.receivedFrames.Add(uint64(len(frames)))
		p.receive(frames)
	}
	return frames[:0]
}
