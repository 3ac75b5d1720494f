// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A beat sends a small datagram to the office each 5 ms, which comes back from there, and so sees for how long nothing
// passes.
type beat struct {
	w       *world
	conn    net.Conn
	enough  chan struct{} // closed to end it
	done    chan struct{}
	sent    int
	mu      sync.Mutex // guards what follows
	seen    map[uint32]bool
	last    time.Time
	longest time.Duration
}

const beatEvery = 5 * time.Millisecond

// beats begins to, once the first datagram has come back.
func (w *world) beats() *beat { return w.beatsFrom(w.Desktop.Host) }

func (w *world) beatsFrom(h *netns.Host) *beat {
	w.t.Helper()
	conn, err := h.DialContext(w.ctx, "udp", netip.AddrPortFrom(plan.OfficeGateway, 7).String())
	w.ok(err)
	b := &beat{w: w, conn: conn, enough: make(chan struct{}), done: make(chan struct{}), seen: map[uint32]bool{}}
	go b.receive()
	go b.send()
	w.eventually("an echo from the office", 20*time.Second, func() error {
		if b.count() == 0 {
			return errors.New("none has come")
		}
		return nil
	})
	b.fresh()
	return b
}

func (b *beat) send() {
	defer close(b.done)
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		b.sent++
		_, _ = b.conn.Write(binary.BigEndian.AppendUint32(nil, uint32(b.sent))) // what is not sent does not come back
		select {
		case <-tick.C:
		case <-b.enough:
			return
		}
	}
}

func (b *beat) receive() {
	buf := make([]byte, 16)
	for {
		n, err := b.conn.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n != 4 {
			continue
		}
		b.mu.Lock()
		b.seen[binary.BigEndian.Uint32(buf)] = true
		b.longest = max(b.longest, time.Since(b.last))
		b.last = time.Now()
		b.mu.Unlock()
	}
}

func (b *beat) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.seen)
}

// fresh forgets the longest gap.
func (b *beat) fresh() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.longest, b.last = 0, time.Now()
}

// gap returns the longest time without an echo since fresh, once echoes come again.
func (b *beat) gap() time.Duration {
	b.w.t.Helper()
	before := b.count()
	b.w.eventually("echoes from the office", 90*time.Second, func() error {
		if b.count() < before+20 {
			return errors.New("none come")
		}
		return nil
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.longest
}

// quit ends it.
func (b *beat) quit() {
	close(b.enough)
	<-b.done
	b.conn.Close()
}

// stop returns how many datagrams did not come back.
func (b *beat) stop() (lost int) {
	close(b.enough)
	<-b.done
	for before := -1; b.count() < b.sent && b.count() != before; { // some are on their way as long as some arrive
		before = b.count()
		time.Sleep(2 * time.Second)
	}
	b.conn.Close()
	return b.sent - b.count()
}
