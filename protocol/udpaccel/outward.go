// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	// failurePause is how long a path is not used after the kernel refused a packet.
	failurePause = time.Second
	// idleKeepAlive is how often an idle path sends a sign of life: often enough for NATs, which forget after
	// 30 s or more (RFC 4787 4.3 asks for 2 minutes).
	idleKeepAlive = 10 * time.Second
	// searchAfter is how long the peer may be silent before the other port is tried.
	searchAfter = 3 * time.Second
)

// Send sends the frames and does not keep them. It blocks while the socket's buffer is full, for a second or
// so at most. After an error the path is not usable for a second; some of the frames may have been sent.
// ErrTooLarge is an exception: nothing was sent, and the path stays usable.
func (p *Path) Send(frames [][]byte) error {
	if size := int(p.fit.size.Load()); size < p.fit.longest() {
		for _, f := range frames {
			if p.engine.Size(len(f)) > size {
				return ErrTooLarge
			}
		}
	}
	return p.send(frames)
}

// ErrTooLarge means that a frame is longer than [Path.Longest].
var ErrTooLarge = errors.New("udpaccel: the path does not carry frames of that length")

func (p *Path) send(frames [][]byte) error {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	if p.retired {
		return errRetired
	}
	now := p.now()
	tick := p.tick(now)
	p.fit.used = true
	var packets, bytes uint64
	total := uint64(len(frames))
	var err error
	for len(frames) > 0 && err == nil {
		ready, packed := frames, []bool(nil)
		if p.squeeze != nil {
			ready, packed, frames = p.squeeze.next(frames)
		} else {
			frames = nil
		}
		for len(ready) > 0 && err == nil {
			g := nextGroup(ready, p.engine.Size(0), p.out.segment)
			if !p.out.room(g.total) {
				err = p.out.flush()
				continue
			}
			bytes += p.sealGroup(tick, g, ready, packed)
			packets += uint64(g.frames)
			ready = ready[g.frames:]
			packed = packed[min(g.frames, len(packed)):]
		}
	}
	if ferr := p.out.flush(); err == nil {
		err = ferr
	}
	p.counter.sendCalls.Store(p.out.calls)
	if err != nil {
		p.fail(now, err)
		return fmt.Errorf("udpaccel: send: %w", err)
	}
	p.counter.sentPackets.Add(packets)
	p.counter.sentBytes.Add(bytes)
	p.counter.sentFrames.Add(total)
	return nil
}

// sealGroup makes the packets of the group at the front of frames, and returns how many bytes of frames they
// contain.
func (p *Path) sealGroup(tick uint64, g group, frames [][]byte, packed []bool) (bytes uint64) {
	overhead := p.engine.Size(0)
	m := p.out.next(g.total, g.size)
	for i, f := range frames[:g.frames] {
		n := g.packetLen(i, overhead, len(f))
		p.engine.seal(tick, m[:n], f, packed != nil && packed[i])
		m = m[n:]
		bytes += uint64(len(f))
	}
	return bytes
}

func (p *Path) fail(now time.Duration, err error) {
	p.counter.sendErrors.Add(1)
	if int64(now) >= p.failed.Swap(int64(now+failurePause)) && !errors.Is(err, net.ErrClosed) {
		p.log.Debug("UDP path fails", "error", err)
	}
}

// keepAlive sends packets without a frame until the path is closed. A peer that has been silent for search is
// tried at its other port.
func (p *Path) keepAlive(search time.Duration) {
	due := time.NewTimer(0)
	defer due.Stop()
	began := p.now()
	at := 0 // index of the port in use
	for {
		select {
		case <-p.stop:
			return
		case <-p.leave:
			return
		case <-p.wake:
		case <-due.C:
		}
		interval := p.engine.interval()
		trying := p.measure()
		switch now := p.now(); {
		case p.deaf.Load():
			began, interval = now, idleKeepAlive
		case p.engine.Alive(now):
			began = now
			if !trying && !p.fit.done() {
				interval = fitRetry
			} else if !trying && !p.active.Load() {
				interval = idleKeepAlive
			}
		case now-began > search && p.ports[1].Load() != 0:
			at = 1 - at
			if err := connect(p.conn, uint16(p.ports[at].Load())); err != nil {
				p.log.Debug("UDP path does not connect", "port", p.ports[at].Load(), "error", err)
			}
		}
		p.sendKeepAlive()
		due.Reset(interval)
	}
}

func (p *Path) sendKeepAlive() {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	if p.retired {
		return
	}
	now := p.now()
	n := p.engine.Size(0)
	p.engine.seal(p.tick(now), p.out.next(n, n), nil, false)
	if err := p.out.flush(); err != nil {
		p.fail(now, err)
		return
	}
	p.counter.sentPackets.Add(1)
	if p.deaf.Load() || !p.engine.Alive(now) || !p.fit.due(now) {
		return
	}
	if err := p.probe(now); err != nil {
		p.fail(now, err)
	}
}
