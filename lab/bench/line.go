// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/softether"
)

// relayQueue is how many frames wait at the relay, so that it is not the waiting that is measured.
const relayQueue = 64

// badLine loses one packet in a hundred in each direction, and delays the others by 20 ms.
var badLine = netns.Impairment{Delay: 20 * time.Millisecond, Loss: 0.01}

// lineSetups are the ways of connecting over the bad line. UDP acceleration, and our decision for it, need some seconds
// of traffic to begin.
var lineSetups = []setup{
	{
		name: "line-tcp", title: "bad line, one TCP connection", warm: 2 * time.Second, ways: []way{up, down},
		ours:     map[string]string{"max-connections": "1", "udp-acceleration": "no"},
		official: softether.OfficialAccount{Connections: 1, NoUDP: true},
		inForce:  func(s map[string]string) bool { return !udpInUse(s) },
	},
	{
		name: "line", title: "bad line, as it comes", warm: 12 * time.Second, ways: []way{up, down},
		ours: map[string]string{"max-connections": "1", "udp-acceleration": "auto"}, official: softether.OfficialAccount{Connections: 1},
		inForce: udpInUse,
	},
}

// relay is not a VPN, but a simple program that every packet passes, the lab's line without loss and delay:
// what the scheduler alone costs on a busy machine. A packet through a VPN passes two programs, which also
// encrypt.
var relay = setup{name: "relay", title: "no VPN, but a program in the way", full: true}

func lineNames() []string {
	var names []string
	for _, s := range lineSetups {
		names = append(names, s.name)
	}
	return names
}

// overLine measures over the bad line, and the line itself with bare TCP.
func (b *bench) overLine(ctx context.Context) error {
	if o, ok := b.clients[rivalName].(official); ok {
		o.Line.Set(badLine)
	}
	var failed []error
	order := []string{rivalName, oursName}
	length := b.opts.length
	for round := range b.opts.rounds {
		b.say("round %d of %d, %s", round+1, b.opts.rounds, relay.title)
		b.lab.Line.Set(netns.Impairment{Queue: relayQueue})
		if err := b.floor(ctx, relay, []way{up, down}); err != nil {
			return fmt.Errorf("%s: %w", relay.title, err)
		}
		b.lab.Line.Set(badLine)
		b.say("round %d of %d, bad line, no VPN at all", round+1, b.opts.rounds)
		b.opts.length = length * 5 / 3 // what is lost, and when, is a matter of luck
		if err := b.bareLine(ctx); err != nil {
			return fmt.Errorf("bad line, without VPN: %w", err)
		}
		failed = append(failed, b.round(ctx, round, lineSetups, order))
		b.opts.length = length
		if ctx.Err() != nil {
			break
		}
		slices.Reverse(order)
	}
	return errors.Join(failed...)
}

// bareLine measures TCP without VPN over the line, which everything else has to be compared with.
func (b *bench) bareLine(ctx context.Context) error {
	bare := b.clients[bareName]
	for _, w := range []way{up, down} {
		f := flow{way: w, streams: 1}
		var got traffic
		err := netns.Await(ctx, "iperf3, which may still be busy", connect, func() (err error) {
			got, err = iperf(ctx, bare.host(), bare.target(), f, b.opts.length)
			return err
		})
		if err != nil {
			return err
		}
		b.say("    %s: %5.0f Mbit/s", w, got.bits/mega)
		for _, s := range lineSetups {
			b.results.add(s.name, bareName, bulkMetric(f, "rate"), got.bits/mega)
		}
	}
	return nil
}
