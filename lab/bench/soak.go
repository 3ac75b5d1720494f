// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// soakChunk is how long iperf3 runs at a time.
const soakChunk = 20 * time.Second

// soak keeps our client busy in both directions for o.soak and watches its memory: bulk in one flow, then in
// a hundred, then datagrams of ten thousand flows, and again. Its memory must not grow.
func (b *bench) soak(ctx context.Context) error {
	s := setups[0]
	c := b.clients[oursName]
	start, cancel := context.WithTimeout(ctx, connect)
	defer cancel()
	if err := c.up(start, s); err != nil {
		return err
	}
	p := probe{bench: b, client: c, setup: s, name: oursName}
	var sizes []float64 // bytes, after each part
	moved := 0.0
	for began, part := time.Now(), 0; time.Since(began) < b.opts.soak; part++ {
		var got traffic
		var err error
		switch part % 3 {
		case 0:
			got, err = iperf(ctx, c.host(), c.target(), flow{way: both, streams: 1}, soakChunk)
		case 1:
			got, err = iperf(ctx, c.host(), c.target(), flow{way: both, streams: 100}, soakChunk)
		default:
			err = errors.Join(p.datagrams(ctx, up), p.datagrams(ctx, down))
		}
		if err != nil {
			return fmt.Errorf("after %v: %w", time.Since(began).Round(time.Second), err)
		}
		moved += got.bytes
		sizes = append(sizes, resident(c.pids()))
		b.say("    %4.0f s: %.1f MB resident, %.0f GB moved by TCP", time.Since(began).Seconds(), sizes[len(sizes)-1]/mega, moved/1e9)
	}
	tenth := max(len(sizes)/10, 1)
	p.put(mSoakFirst, quantile(sizes[:tenth], 0.5)/mega)
	p.put(mSoakLast, quantile(sizes[len(sizes)-tenth:], 0.5)/mega)
	p.put(mSoakMost, quantile(sizes, 1)/mega)
	leave, cancel := context.WithTimeout(ctx, connect)
	defer cancel()
	return c.down(leave)
}

// datagrams sends datagrams of many flows in one direction, no more than easily get through.
func (p probe) datagrams(ctx context.Context, w way) error {
	f, err := p.flood(ctx, datagramLoad{w, 512, manyFlows})
	if err != nil {
		return err
	}
	defer f.close()
	_, err = f.run(ctx, firstRate, soakChunk/2)
	return err
}
