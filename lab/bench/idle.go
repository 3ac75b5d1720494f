// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"network-manager-softether/lab/procfs"
)

// idle measures what a connected client costs while nobody uses it, and then its latency.
func (p probe) idle(ctx context.Context) error {
	if err := sleep(ctx, p.opts.settle); err != nil {
		return err
	}
	passed, err := p.passed()
	if err != nil {
		return err
	}
	before, err := procfs.UsageOf(p.client.pids()...)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := sleep(ctx, p.opts.idle); err != nil {
		return err
	}
	after, err := procfs.UsageOf(p.client.pids()...)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	passedAfter, err := p.passed()
	if err != nil {
		return err
	}
	p.put(mIdleCPU, 100*(after.CPU-before.CPU).Seconds()/took)
	p.put(mIdleWakeUps, float64(after.Switches-before.Switches)/took)
	p.put(mIdleFrames, float64(passedAfter-passed)/took)
	p.put(mIdleRSS, resident(p.client.pids())/mega)
	return p.idlePing(ctx)
}

// idlePing measures the latency while nothing else happens, first as it is, then with processors that do not
// sleep.
func (p probe) idlePing(ctx context.Context) error {
	if err := p.pings(ctx, mIdlePing, mIdleShare); err != nil {
		return err
	}
	return keepAwake(func() error { return p.pings(ctx, mAwakePing, mAwakeShare) })
}

// pings measures the latency, and how much of it is spent in the client: the rest is the server's, and the
// cable's.
func (p probe) pings(ctx context.Context, whole, share metric) error {
	stop := func() ([]sighting, error) { return nil, nil }
	if name, err := p.client.tap(); err == nil {
		if stop, err = watch(p.client.host(), name); err != nil {
			return err
		}
	}
	times, err := ping(ctx, p.client.host(), p.client.target(), min(p.opts.length, 3*time.Second))
	seen, werr := stop()
	if err := errors.Join(err, werr); err != nil {
		return err
	}
	p.put(whole, quantile(times, 0.5))
	if own := shares(seen); len(own) > 0 {
		p.put(share, quantile(own, 0.5))
	}
	return nil
}

// passed counts the frames that went through the client's TAP, in either direction. Now and then the hub asks
// every computer whether it is still there (ARP, neighbour discovery), and no client can sleep through that.
func (p probe) passed() (uint64, error) {
	name, err := p.client.tap()
	if err != nil {
		return 0, err
	}
	link, err := p.client.host().Net.LinkByName(name)
	if err != nil {
		return 0, fmt.Errorf("interface %s: %w", name, err)
	}
	st := link.Attrs().Statistics
	return st.RxPackets + st.TxPackets, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
