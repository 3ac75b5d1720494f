// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"
)

// bulk measures a transfer. iperf3's server takes one client at a time and, over a bad line, may not have
// noticed the end of the previous one, so there are several tries.
func (p probe) bulk(ctx context.Context, f flow) error {
	var err error
	for range bulkTries {
		if err = p.transfer(ctx, f); err == nil || ctx.Err() != nil {
			return err
		}
		p.say("    again, after: %v", err)
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return err
}

const bulkTries = 3

// transfer transfers as much as possible, and pings meanwhile.
func (p probe) transfer(ctx context.Context, f flow) error {
	var (
		times   []float64
		pinging sync.WaitGroup
		pingErr error
	)
	loaded := p.setup.pings() && f.streams == 1
	got, used, err := p.account(func() (traffic, error) {
		if loaded {
			pinging.Go(func() {
				times, pingErr = ping(ctx, p.client.host(), p.client.target(), p.opts.length-200*time.Millisecond)
			})
		}
		t, err := iperf(ctx, p.client.host(), p.client.target(), f, p.opts.length)
		pinging.Wait()
		return t, err
	})
	if err != nil {
		return err
	}
	gb := got.bytes / 1e9
	p.put(bulkMetric(f, "rate"), got.bits/mega)
	if loaded {
		if pingErr != nil {
			return pingErr
		}
		p.put(bulkMetric(f, "ping"), quantile(times, 0.5))
		p.put(bulkMetric(f, "ping 99"), quantile(times, 0.99))
	}
	if len(p.client.pids()) == 0 {
		return nil
	}
	p.put(bulkMetric(f, "cpu"), used.client/gb)
	p.put(bulkMetric(f, "server cpu"), used.server/gb)
	p.put(bulkMetric(f, "switches"), used.switches/gb/1000)
	p.say("    %s, %d flow(s): %5.0f Mbit/s, %.2f CPU s/GB, the server %.2f", f.way, f.streams, got.bits/mega, used.client/gb, used.server/gb)
	if loaded {
		p.put(mLoadedRSS, used.rss/mega)
	}
	return nil
}
