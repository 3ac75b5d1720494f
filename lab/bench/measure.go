// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/softether"
)

// A bench is a run in progress.
type bench struct {
	opts    options
	service string // the program that is ours
	lab     *lab.Lab
	clients map[string]client
	results *results
	began   time.Time
	ciphers map[string]string // by client
}

const (
	settle  = 3 * time.Second // unless asked for more: for what a new interface and a new neighbour cause
	connect = time.Minute     // limit for connecting and for disconnecting
)

// newBench prepares to measure the service, a program.
func newBench(o options, service string) *bench {
	return &bench{opts: o, service: service, results: newResults(), began: time.Now(), ciphers: map[string]string{}}
}

// in builds a lab, measures in it, and takes it down.
func (b *bench) in(ctx context.Context, lo lab.Options, measure func() error) error {
	l, err := lab.Start(ctx, lo)
	if err != nil {
		return err
	}
	b.lab = l
	b.clients = map[string]client{oursName: ours{l, b.service}, rivalName: ours{l, b.opts.against}, bareName: bare{l}}
	if b.opts.against == "" {
		off, err := l.NewOfficial(ctx)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		b.clients[rivalName] = official{off}
	}
	if _, err := l.Internet.Start("iperf3", netns.Command{Args: []string{"iperf3", "--server"}}); err != nil {
		return errors.Join(err, l.Close())
	}
	return errors.Join(measure(), l.Close())
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: %4.0f s  "+format+"\n", append([]any{time.Since(b.began).Seconds()}, args...)...)
}

// rounds measures everything as often as asked for. In every other round the clients change places.
func (b *bench) rounds(ctx context.Context, setups []setup) error {
	var failed []error
	order := []string{rivalName, oursName}
	for round := range b.opts.rounds {
		if i := slices.IndexFunc(setups, func(s setup) bool { return s.full }); i >= 0 && !b.opts.bulk {
			b.say("round %d of %d, no VPN at all", round+1, b.opts.rounds)
			failed = append(failed, b.floor(ctx, setups[i], setups[i].directions()))
		}
		if !b.opts.bulk {
			if err := b.person(ctx); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", title(desktopSetup), err))
				b.clean(ctx, oursName)
			}
		}
		failed = append(failed, b.round(ctx, round, setups, order))
		if ctx.Err() != nil {
			break
		}
		slices.Reverse(order)
	}
	return errors.Join(failed...)
}

// round measures both clients in all setups. What fails is left out: the other numbers are still worth
// having.
func (b *bench) round(ctx context.Context, round int, setups []setup, order []string) error {
	var failed []error
	for _, s := range setups {
		for _, name := range order {
			b.say("round %d of %d, %s, %s", round+1, b.opts.rounds, s.title, name)
			err := b.one(ctx, s, name)
			if ctx.Err() != nil {
				return fmt.Errorf("%s, %s: %w", s.title, name, cmp.Or(err, ctx.Err()))
			}
			if err != nil {
				err = fmt.Errorf("%s, %s: %w", s.title, name, err)
				b.say("FAILED: %v", err)
				failed = append(failed, err)
				b.clean(ctx, name)
			}
		}
	}
	return errors.Join(failed...)
}

// clean removes what a failed measurement has left behind.
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
	if err := b.setCongestion(cmp.Or(s.congestion, congestion())); err != nil {
		return err
	}
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
	// The server keeps a session without connections for a while, in case the client comes back. It must not
	// be in the way of the next one. If it is already gone, that is not an error.
	_ = b.lab.Server.Kick(dctx, softether.HubOffice, softether.Alice)
	return nil
}

// floor measures the network without VPN, in the server's place: what no client can beat.
func (b *bench) floor(ctx context.Context, s setup, ways []way) error {
	p := probe{bench: b, client: b.clients[bareName], setup: s, name: bareName}
	if err := p.idlePing(ctx); err != nil {
		return err
	}
	for _, w := range ways {
		if err := p.bulk(ctx, flow{way: w, streams: 1}); err != nil {
			return err
		}
	}
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
	if _, err := iperf(ctx, p.client.host(), p.client.target(), flow{way: both}, p.setup.warmUp()); err != nil {
		return err
	}
	// The setup must be what the server has. Further connections take some seconds, and UDP is tested first.
	var last error
	err := netns.Await(ctx, p.setup.title, 40*time.Second, func() error {
		s, err := session(ctx, p.lab)
		if err == nil && p.setup.inForce != nil && !p.setup.inForce(s) {
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
	for _, w := range p.setup.directions() {
		if err := p.bulk(ctx, flow{way: w, streams: 1}); err != nil {
			return err
		}
	}
	if !full {
		return nil
	}
	for _, f := range []flow{{way: up, streams: 100}, {way: down, streams: 100}} {
		if err := p.bulk(ctx, f); err != nil {
			return err
		}
	}
	for _, w := range []way{up, down} {
		for _, load := range datagramLoads(w) {
			if err := p.packets(ctx, load); err != nil {
				return err
			}
		}
	}
	return nil
}
