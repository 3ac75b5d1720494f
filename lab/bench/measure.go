// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"network-manager-softether/lab"
)

// A bench is a run under way.
type bench struct {
	opts    options
	lab     *lab.Lab
	clients map[string]client
	results *results
	began   time.Time
	ciphers map[string]string // by client
}

const (
	settle  = 3 * time.Second // for what a new interface and a new neighbour cause
	warmUp  = time.Second
	connect = time.Minute // limit for connecting and for disconnecting
)

// newBench prepares to measure the service, a program, against the other one, or else the official client.
func newBench(ctx context.Context, l *lab.Lab, o options, service string) (*bench, error) {
	b := &bench{opts: o, lab: l, results: newResults(), began: time.Now(), ciphers: map[string]string{},
		clients: map[string]client{oursName: ours{l, service}, rivalName: ours{l, o.against}}}
	if o.against == "" {
		off, err := l.NewOfficial(ctx)
		if err != nil {
			return nil, err
		}
		b.clients[rivalName] = official{off}
	}
	return b, nil
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: %4.0f s  "+format+"\n", append([]any{time.Since(b.began).Seconds()}, args...)...)
}

// rounds measures everything as often as asked for. In every other round the clients change places.
func (b *bench) rounds(ctx context.Context, setups []setup) error {
	var failed []error
	order := []string{rivalName, oursName}
	for round := range b.opts.rounds {
		for _, s := range setups {
			for _, name := range order {
				b.say("round %d of %d, %s, %s", round+1, b.opts.rounds, s.title, name)
				err := b.one(ctx, s, name)
				if ctx.Err() != nil {
					return fmt.Errorf("%s, %s: %w", s.title, name, cmp.Or(err, ctx.Err()))
				}
				if err != nil {
					// The others' numbers are worth having all the same.
					err = fmt.Errorf("%s, %s: %w", s.title, name, err)
					b.say("FAILED: %v", err)
					failed = append(failed, err)
					b.clean(ctx, name)
				}
			}
		}
		slices.Reverse(order)
	}
	return errors.Join(failed...)
}

// clean ends what a failed measurement has left.
func (b *bench) clean(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, connect)
	defer cancel()
	if err := b.clients[name].down(ctx); err != nil {
		b.say("cannot clean up: %v", err)
	}
}

// one connects a client, measures it, and disconnects it.
func (b *bench) one(ctx context.Context, s setup, name string) error {
	c := b.clients[name]
	cctx, cancel := context.WithTimeout(ctx, connect)
	defer cancel()
	if err := c.up(cctx, s); err != nil {
		return err
	}
	p := probe{bench: b, client: c, setup: s, name: name}
	if err := p.measure(ctx); err != nil {
		return err
	}
	dctx, cancel := context.WithTimeout(ctx, connect)
	defer cancel()
	if err := c.down(dctx); err != nil {
		return err
	}
	// The server keeps a session without connections for a while, should the client come back. It shall not be in the
	// way of the next one. That it is gone already is no error.
	_ = b.lab.Server.Kick(dctx, lab.HubOffice, lab.Alice)
	return nil
}

// A probe measures one connected client.
type probe struct {
	*bench
	client client
	setup  setup
	name   string
}

func (p probe) put(m metric, value float64) { p.results.add(p.setup.name, p.name, m, value) }

func (p probe) measure(ctx context.Context) error {
	full := p.setup.full && !p.opts.bulk
	if full {
		// First, as it is about a client that was not used yet.
		if err := p.idle(ctx); err != nil {
			return err
		}
	}
	if _, err := iperf(ctx, p.client.host(), flow{way: both}, warmUp); err != nil {
		return err
	}
	// The setup must be what the server has. Further connections take some seconds, UDP is tried out first.
	var last error
	err := lab.Await(ctx, p.setup.title, 40*time.Second, func() error {
		s, err := session(ctx, p.lab)
		if err == nil && !p.setup.inForce(s) {
			err = fmt.Errorf("the server has %s TCP connections, UDP in use: %q", connections(s), s["UDP Acceleration is Active"])
		}
		p.ciphers[p.name] = s["Encryption"]
		last = err
		return err
	})
	if err != nil {
		p.say("left out: %v", last)
		return ctx.Err()
	}
	for _, w := range []way{up, down, both} {
		if err := p.bulk(ctx, flow{way: w, streams: 1}); err != nil {
			return err
		}
	}
	if !full {
		return nil
	}
	for _, w := range []way{up, down} {
		if err := p.bulk(ctx, flow{way: w, streams: 8}); err != nil {
			return err
		}
	}
	for _, size := range []int{64, 512, 1400} {
		for _, w := range []way{up, down} {
			if err := p.packets(ctx, flow{way: w, udp: size}); err != nil {
				return err
			}
		}
	}
	return nil
}

// idle measures what a connected client costs that nobody uses, and then its latency.
func (p probe) idle(ctx context.Context) error {
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	before, err := lab.UsageOf(p.client.pids()...)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := sleep(ctx, p.opts.idle); err != nil {
		return err
	}
	after, err := lab.UsageOf(p.client.pids()...)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	p.put(mIdleCPU, 100*(after.CPU-before.CPU).Seconds()/took)
	p.put(mIdleWakeUps, float64(after.Switches-before.Switches)/took)
	p.put(mIdleRSS, resident(p.client.pids())/mega)
	times, err := ping(ctx, p.client.host(), min(p.opts.length, 3*time.Second))
	if err != nil {
		return err
	}
	p.put(mIdlePing, quantile(times, 0.5))
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bulk transfers as much as possible, and pings meanwhile.
func (p probe) bulk(ctx context.Context, f flow) error {
	var (
		times   []float64
		pinging sync.WaitGroup
		pingErr error
	)
	loaded := p.setup.full && f.streams == 1
	got, used, err := p.account(func() (traffic, error) {
		if loaded {
			pinging.Go(func() { times, pingErr = ping(ctx, p.client.host(), p.opts.length-200*time.Millisecond) })
		}
		t, err := iperf(ctx, p.client.host(), f, p.opts.length)
		pinging.Wait()
		return t, err
	})
	if err != nil {
		return err
	}
	gb := got.bytes / 1e9
	p.put(bulkMetric(f, "rate"), got.bits/mega)
	p.put(bulkMetric(f, "cpu"), used.client/gb)
	p.put(bulkMetric(f, "server cpu"), used.server/gb)
	p.put(bulkMetric(f, "switches"), used.switches/gb/1000)
	p.say("    %s, %d flow(s): %5.0f Mbit/s, %.2f CPU s/GB, the server %.2f", f.way, f.streams, got.bits/mega, used.client/gb, used.server/gb)
	if loaded {
		if pingErr != nil {
			return pingErr
		}
		p.put(bulkMetric(f, "ping"), quantile(times, 0.5))
		p.put(bulkMetric(f, "ping 99"), quantile(times, 0.99))
		p.put(mLoadedRSS, used.rss/mega)
	}
	return nil
}

// resident returns the memory of the largest of the processes, in bytes: what a watchdog maps, the client has mapped
// already.
func resident(pids []int) float64 {
	most := 0.0
	for _, pid := range pids {
		if u, err := lab.UsageOf(pid); err == nil {
			most = max(most, float64(u.RSS))
		}
	}
	return most
}

// packets sends datagrams of one size as fast as possible.
func (p probe) packets(ctx context.Context, f flow) error {
	got, used, err := p.account(func() (traffic, error) { return iperf(ctx, p.client.host(), f, max(p.opts.length/2, time.Second)) })
	if err != nil {
		return err
	}
	if got.packets <= 0 {
		return fmt.Errorf("no datagram of %d bytes arrived", f.udp)
	}
	p.put(packetMetric(f, "rate"), got.packets/got.took.Seconds()/1000)
	p.put(packetMetric(f, "cpu"), used.client/got.packets*1e6)
	return nil
}

// used is what a measurement has cost.
type used struct {
	client, server float64 // CPU seconds
	switches       float64 // context switches of the client
	rss            float64 // bytes, the client's largest
}

// account runs f and says what it has cost.
func (p probe) account(f func() (traffic, error)) (traffic, used, error) {
	pids := p.client.pids()
	client, err := lab.UsageOf(pids...)
	if err != nil {
		return traffic{}, used{}, err
	}
	server, err := lab.UsageOf(p.lab.Server.PIDs()...)
	if err != nil {
		return traffic{}, used{}, err
	}
	stop, watched := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				most = max(most, resident(pids))
			case <-stop:
				tick.Stop()
				watched <- most
				return
			}
		}
	}()
	t, err := f()
	close(stop)
	most := <-watched
	if err != nil {
		return t, used{}, err
	}
	client2, err := lab.UsageOf(pids...)
	if err != nil {
		return t, used{}, fmt.Errorf("the client has ended: %w", err)
	}
	server2, err := lab.UsageOf(p.lab.Server.PIDs()...)
	return t, used{
		client: (client2.CPU - client.CPU).Seconds(), server: (server2.CPU - server.CPU).Seconds(),
		switches: float64(client2.Switches - client.Switches), rss: most,
	}, err
}

// mega is the M of Mbit and MB.
const mega = 1e6

// quantile returns the value below which that part of the values lies, between neighbours if need be.
func quantile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	at := part * float64(len(s)-1)
	i := int(at)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}
