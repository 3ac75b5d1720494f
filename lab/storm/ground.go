// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// Metrics of the second base; the first has 100.
const (
	worse  = "600"
	better = "50"
)

// What the first base temporarily has in place of its own.
const (
	otherAddress  = "10.81.0.77"
	otherAddress6 = "fd81::77"
	otherRouter   = "10.81.0.254"
	otherRouter6  = "fd81::fe"
)

// prepareGround also activates the second base, the worse of the two, has it activated automatically whenever
// possible, and gives the first one a second router.
func (s *storm) prepareGround(ctx context.Context) error {
	if err := s.secondBase(ctx, worse); err != nil {
		return err
	}
	for _, c := range [][]string{{"connection", "modify", plan.Bases[1].Profile, "connection.autoconnect", "yes"}, {"connection", "up", plan.Bases[1].Profile}} {
		if _, err := s.Desktop.MustNMCLI(ctx, c...); err != nil {
			return err
		}
	}
	_, err := s.Internet.Must(ctx, "ip", "address", "add", otherRouter+"/24", "dev", "wan0")
	if err != nil {
		return err
	}
	_, err = s.Internet.Must(ctx, "ip", "address", "add", otherRouter6+"/64", "dev", "wan0", "nodad")
	return err
}

// secondBase makes the second base the better or the worse one.
func (s *storm) secondBase(ctx context.Context, metric string) error {
	_, err := s.Desktop.MustNMCLI(ctx, "connection", "modify", plan.Bases[1].Profile, "ipv4.route-metric", metric, "ipv6.route-metric", metric)
	return err
}

// reapply makes NetworkManager apply a changed profile without taking the base down.
func (s *storm) reapply(ctx context.Context, n int, change ...string) error {
	if _, err := s.Desktop.MustNMCLI(ctx, append([]string{"connection", "modify", plan.Bases[n].Profile}, change...)...); err != nil {
		return err
	}
	_, err := s.Desktop.MustNMCLI(ctx, "device", "reapply", plan.Bases[n].Device)
	return err
}

// basesUp waits for both bases, which NetworkManager activates by itself, and for their default routes. Restarted while
// there is no carrier, it sometimes leaves a base without that of IPv6; and a base that is plugged in again a moment
// before the computer wakes stays down, as NetworkManager lets go in sleep only of hardware, which a veth is not. A
// person connects such a base again.
func (s *storm) basesUp(ctx context.Context) error {
	for _, b := range plan.Bases {
		whole := func() error { return s.whole(b) }
		if netns.Await(ctx, b.Profile, 10*time.Second, whole) == nil {
			continue
		}
		s.say("NetworkManager has left %s so: %v; it is connected again", b.Profile, whole())
		err := s.Desktop.Up(ctx, b.Profile)
		if err == nil {
			err = netns.Await(ctx, b.Profile, limit, whole)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// whole reports what a base lacks: it is not active, or has not both default routes.
func (s *storm) whole(b plan.Base) error {
	if state, err := s.Desktop.State(b.Profile); err != nil || state != desktop.Activated {
		return fmt.Errorf("the state of %s is %d (%v)", b.Profile, state, err)
	}
	routes, err := s.Desktop.Routes()
	for _, want := range []string{"default via " + b.Router.String() + " dev " + b.Device, "default6 via " + b.Router6.String() + " dev " + b.Device} {
		if err == nil && !slices.Contains(routes, want) {
			err = fmt.Errorf("there is no %q among %q", want, routes)
		}
	}
	return err
}

// standing counts the tunnels' TCP connections per base.
func (s *storm) standing(ctx context.Context) (map[string]int, error) {
	out, err := s.Desktop.Must(ctx, "ss", "--tcp", "--numeric", "--no-header", "state", "established", "dport", "=", ":443")
	on := map[string]int{}
	for line := range strings.Lines(out) {
		for _, b := range plan.Bases {
			if strings.Contains(line, "%"+b.Device+":") {
				on[b.Device]++
			}
		}
	}
	return on, err
}

// onTheBetterBase reports whether all tunnels have walked back.
func (s *storm) onTheBetterBase(ctx context.Context) error {
	on, err := s.standing(ctx)
	if err == nil && (on[plan.Bases[0].Device] < len(s.tunnels) || on[plan.Bases[1].Device] > 0) {
		err = fmt.Errorf("the tunnels' connections are on %v", on)
	}
	return err
}

// groundFaults happen below the tunnels.
var groundFaults = []fault{
	{"cable pulled", time.Second, 9 * time.Second, cables, false, func(ctx context.Context, s *storm) (func() error, error) {
		return func() error { return s.SetCable(0, true) }, s.SetCable(0, false)
	}},
	{"both cables pulled", time.Second, 12 * time.Second, cables, false, func(ctx context.Context, s *storm) (func() error, error) {
		set := func(in bool) error { return errors.Join(s.SetCable(0, in), s.SetCable(1, in)) }
		return func() error { return set(true) }, set(false)
	}},
	{"base disconnected", time.Second, 6 * time.Second, nm | cables, false, func(ctx context.Context, s *storm) (func() error, error) {
		return func() error { return s.Desktop.Up(ctx, plan.Bases[0].Profile) }, s.Desktop.Down(ctx, plan.Bases[0].Profile)
	}},
	{"better base appears and goes", 2 * time.Second, 6 * time.Second, nm | cables, false, func(ctx context.Context, s *storm) (func() error, error) {
		again := func(metric string) error {
			return errors.Join(s.Desktop.Down(ctx, plan.Bases[1].Profile), s.secondBase(ctx, metric), s.Desktop.Up(ctx, plan.Bases[1].Profile))
		}
		return func() error { return again(worse) }, again(better)
	}},
	{"other base becomes better", 2 * time.Second, 6 * time.Second, nm | cables, false, func(ctx context.Context, s *storm) (func() error, error) {
		metric := func(m string) error { return s.reapply(ctx, 1, "ipv4.route-metric", m, "ipv6.route-metric", m) }
		return func() error { return metric(worse) }, metric(better)
	}},
	{"router changed", time.Second, 6 * time.Second, nm | cables, false, func(ctx context.Context, s *storm) (func() error, error) {
		router := func(now, now6, before, before6 string) error {
			// The former one no longer answers.
			_, err := s.Internet.Must(ctx, "ip", "address", "del", before+"/24", "dev", "wan0")
			_, err2 := s.Internet.Must(ctx, "ip", "address", "replace", now+"/24", "dev", "wan0")
			_, err3 := s.Internet.Must(ctx, "ip", "address", "del", before6+"/64", "dev", "wan0")
			_, err4 := s.Internet.Must(ctx, "ip", "address", "replace", now6+"/64", "dev", "wan0", "nodad")
			err5 := s.reapply(ctx, 0, "ipv4.gateway", now, "ipv6.gateway", now6)
			_, err6 := s.Desktop.Must(ctx, "ip", "neighbour", "flush", "dev", plan.Bases[0].Device)
			return errors.Join(err, err2, err3, err4, err5, err6)
		}
		own, own6 := plan.Bases[0].Router.String(), plan.Bases[0].Router6.String()
		return func() error { return router(own, own6, otherRouter, otherRouter6) }, router(otherRouter, otherRouter6, own, own6)
	}},
	{"address changed", time.Second, 6 * time.Second, nm | cables, false, func(ctx context.Context, s *storm) (func() error, error) {
		address := func(now, now6 string) error {
			return s.reapply(ctx, 0, "ipv4.addresses", now+"/24", "ipv6.addresses", now6+"/64")
		}
		return func() error { return address(plan.Bases[0].Address.String(), plan.Bases[0].Address6.String()) }, address(otherAddress, otherAddress6)
	}},
	{"line bad", 3 * time.Second, 10 * time.Second, line, false, func(_ context.Context, s *storm) (func() error, error) {
		s.Line.Set(netns.Impairment{Delay: time.Duration(5+s.random.IntN(60)) * time.Millisecond, Loss: 0.01 + 0.05*s.random.Float64(), Reorder: 0.02})
		return func() error { s.Line.Set(netns.Impairment{}); return nil }, nil
	}},
	{"line silent", time.Second, 12 * time.Second, line, false, func(ctx context.Context, s *storm) (func() error, error) {
		return func() error { return s.BlackHole(ctx, false) }, s.BlackHole(ctx, true)
	}},
	{"UDP blocked", time.Second, 6 * time.Second, line, false, func(ctx context.Context, s *storm) (func() error, error) {
		return func() error { return s.BlockUDP(ctx, false) }, s.BlockUDP(ctx, true)
	}},
	{"NetworkManager restarted", 0, 3 * time.Second, nm | services, true, func(ctx context.Context, s *storm) (func() error, error) {
		sig := syscall.SIGTERM
		if s.random.IntN(2) == 0 {
			sig = syscall.SIGKILL
		}
		return func() error {
			if err := s.Desktop.StartNM(ctx); err != nil {
				return err
			}
			return s.reconnect(ctx)
		}, s.Desktop.StopNM(ctx, sig)
	}},
}
