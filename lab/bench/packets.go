// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"time"

	"network-manager-softether/lab/plan"
)

// A datagramLoad is UDP of one size over some flows, up or down.
type datagramLoad struct {
	way         way
	size, flows int // bytes of payload; source ports
}

// datagramLoads are what is measured: how the cost grows with the packets, and with the flows.
func datagramLoads(w way) []datagramLoad {
	return []datagramLoad{{w, 64, 1}, {w, 512, 1}, {w, 1400, 1}, {w, 512, 100}, {w, 512, manyFlows}}
}

const (
	manyFlows     = 10_000
	lossLimit     = 0.01    // of what was sent; more is too fast
	slowest       = 1000.0  // datagrams a second with which the search begins to give up
	firstRate     = 16000.0 // with which it begins
	fastest       = 4e6
	enough        = 0.9 // of a rate has to be sent, and delivered
	tries         = 3   // of a rate in the search
	confirmations = 10
	bisections    = 3 // after which the rate is known to 9 %
)

// packets searches for the highest rate that loses less than 1 %, and measures what it costs.
func (p probe) packets(ctx context.Context, l datagramLoad) error {
	f, err := p.flood(ctx, l)
	if err != nil {
		return err
	}
	defer f.close()
	length := max(p.opts.length/20, 200*time.Millisecond)
	rate, err := search(func(rate float64) (trial, error) { return f.run(ctx, rate, length) })
	if err != nil {
		return err
	}
	// The decisive run is longer than those of the search, and may lose more at a rate that passed there. On
	// a busy machine it may also lose more through no fault of the client, so each rate has a second chance.
	for i := range confirmations {
		var t trial
		_, used, err := p.account(func() (traffic, error) {
			var err error
			t, err = f.run(ctx, rate, max(p.opts.length/4, length))
			return traffic{}, err
		})
		if err != nil {
			return err
		}
		if !t.passed() {
			if i%2 == 1 {
				rate *= 0.8
			}
			continue
		}
		arrived := float64(t.arrived)
		p.put(packetMetric(l, "rate"), t.delivered()/1000)
		p.put(packetMetric(l, "cpu"), used.client/arrived*1e6)
		p.say("    %s, UDP of %d bytes, %d flow(s): %6.0f/s, %.2f us of CPU each", l.way, l.size, l.flows,
			t.delivered(), used.client/arrived*1e6)
		return nil
	}
	p.say("    left out: %s, UDP of %d bytes, %d flow(s): even %.0f a second are lost", l.way, l.size, l.flows, rate)
	return nil
}

// flood opens the sockets at both ends of the tunnel.
func (p probe) flood(ctx context.Context, l datagramLoad) (*flood, error) {
	if l.way == up {
		return newFlood(ctx, p.client.host(), p.lab.Office.Host, plan.OfficeGateway, l.size, l.flows)
	}
	name, err := p.client.tap()
	if err != nil {
		return nil, err
	}
	addrs, err := p.client.host().Addrs(name)
	if err != nil {
		return nil, err
	}
	var inner netip.Addr
	for _, a := range addrs {
		if a.Addr().Is4() {
			inner = a.Addr()
		}
	}
	if !inner.IsValid() {
		return nil, fmt.Errorf("%s has no IPv4 address, only %v", name, addrs)
	}
	return newFlood(ctx, p.lab.Office.Host, p.client.host(), inner, l.size, l.flows)
}

// search returns the highest rate that loses at most 1 % in a try, to within 9 %.
func search(try func(rate float64) (trial, error)) (float64, error) {
	// passes returns what was really sent a second, and whether it arrived.
	passes := func(rate float64) (float64, bool, error) {
		best := 0.0
		// Once may be bad luck: the machine has other things to do.
		for range tries {
			t, err := try(rate)
			if err != nil {
				return 0, false, err
			}
			if t.passed() {
				best = max(best, t.rate)
			}
			if best >= enough*rate {
				break
			}
		}
		return best, best > 0, nil
	}
	good, bad := 0.0, math.Inf(1)
	for rate := firstRate; rate < fastest && rate > slowest && (good == 0 || math.IsInf(bad, 1)); {
		sent, ok, err := passes(rate)
		switch {
		case err != nil:
			return 0, err
		case !ok:
			bad, rate = rate, rate/2
		case sent < enough*rate:
			return sent, nil // the sender is the limit
		default:
			good, rate = rate, rate*2
		}
	}
	if good == 0 || math.IsInf(bad, 1) {
		return max(good, slowest), nil
	}
	for range bisections {
		rate := math.Sqrt(good * bad)
		sent, ok, err := passes(rate)
		switch {
		case err != nil:
			return 0, err
		case !ok:
			bad = rate
		case sent < enough*rate:
			return sent, nil
		default:
			good = rate
		}
	}
	return good, nil
}
