// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A watch observes everything that leaves the desktop through any of its bases, for as long as the storm
// lasts, while a program tries to reach all kinds of addresses outside the tunnels.
type watch struct {
	storm  *storm
	stop   context.CancelFunc
	all    sync.WaitGroup
	mu     sync.Mutex // guards what follows
	kinds  map[string]int
	failed error
}

// elsewhere are addresses on the Internet that nobody in the office has.
var elsewhere = []netip.Addr{netip.MustParseAddr("192.0.2.77"), netip.MustParseAddr("2001:db8:77::77")}

func (s *storm) watchBases() (*watch, error) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{storm: s, stop: cancel, kinds: map[string]int{}}
	for _, b := range plan.Bases {
		socket, err := s.Desktop.NewCapture(b.Device, 64<<20, 200*time.Millisecond, false)
		if err != nil {
			cancel()
			return nil, err
		}
		w.all.Go(func() {
			defer socket.Close()
			w.read(ctx, socket, b.Device)
		})
	}
	w.all.Go(func() { w.try(ctx) })
	return w, nil
}

// read classifies packets until ctx is done. Only their beginnings are examined.
func (w *watch) read(ctx context.Context, socket *netns.Capture, device string) {
	buf := make([]byte, 128)
	for ctx.Err() == nil {
		n, from, err := unix.Recvfrom(socket.FD, buf, 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR), errors.Is(err, unix.ENETDOWN): // which ends with the cable back
			continue
		case err != nil:
			w.fail(fmt.Errorf("capture on %s: %w", device, err))
			return
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); !ok || ll.Pkttype != unix.PACKET_OUTGOING {
			continue
		}
		if what := lab.InClear(buf[:n]); what != "" {
			w.mu.Lock()
			w.kinds[device+": "+what]++
			w.mu.Unlock()
		}
	}
	w.fail(socket.Missed())
}

func (w *watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = errors.Join(w.failed, err)
}

// try sends a datagram to each of the offices and elsewhere, from unbound sockets, ten times a second.
func (w *watch) try(ctx context.Context) {
	targets := append([]netip.Addr{plan.EverywhereWeb}, elsewhere...)
	for _, t := range w.storm.tunnels {
		targets = append(targets, t.inner)
	}
	for ctx.Err() == nil {
		for _, a := range targets {
			if c, err := w.storm.Desktop.DialContext(ctx, "udp", netip.AddrPortFrom(a, 9).String()); err == nil {
				_, _ = c.Write([]byte("hello")) // whether it can be sent is the question
				c.Close()
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// seen returns what has left in the clear so far.
func (w *watch) seen() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.kinds)
}

// end waits, without strict mode, until the watch sees more than before: one that sees nothing where there
// must be something would never see anything. It returns how much.
func (w *watch) end(ctx context.Context, before map[string]int) (more int, err error) {
	err = netns.Await(ctx, "packets in clear, now that nothing blocks them", limit, func() error {
		if more = packets(w.seen()) - packets(before); more == 0 {
			return errors.New("none was seen")
		}
		return nil
	})
	w.stop()
	w.all.Wait()
	return more, errors.Join(err, w.failed)
}

// packets counts those of all kinds.
func packets(kinds map[string]int) (sum int) {
	for _, n := range kinds {
		sum += n
	}
	return sum
}
