// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"network-manager-softether/lab/netns"
)

// A beat continuously sends small datagrams through a tunnel, which are echoed there, and so observes for how
// long nothing gets through.
type beat struct {
	conn    net.Conn
	all     sync.WaitGroup
	mu      sync.Mutex // guards what follows
	last    time.Time
	longest time.Duration
}

const beatEvery = 20 * time.Millisecond

func startBeat(ctx context.Context, h *netns.Host, to netip.Addr) (*beat, error) {
	conn, err := h.DialContext(ctx, "udp", netip.AddrPortFrom(to, 7).String())
	if err != nil {
		return nil, err
	}
	b := &beat{conn: conn, last: time.Now()}
	b.all.Go(func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for range tick.C {
			if _, err := conn.Write([]byte("beat")); errors.Is(err, net.ErrClosed) { // otherwise, what is not sent does not come back
				return
			}
		}
	})
	b.all.Go(func() {
		buf := make([]byte, 16)
		for {
			n, err := conn.Read(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil && n == 4 {
				b.mu.Lock()
				b.longest = max(b.longest, time.Since(b.last))
				b.last = time.Now()
				b.mu.Unlock()
			}
		}
	})
	return b, nil
}

// fresh resets the longest gap.
func (b *beat) fresh() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.longest = 0
}

// gap returns the longest time without an echo since fresh.
func (b *beat) gap() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(b.longest, time.Since(b.last))
}

// heard reports whether an echo has arrived since then.
func (b *beat) heard(since time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last.After(since)
}

func (b *beat) stop() {
	b.conn.Close()
	b.all.Wait()
}
