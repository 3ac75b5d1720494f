// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
)

// limit is longer than anything takes that is not stuck.
const limit = 90 * time.Second

// A storm is the run in progress.
type storm struct {
	*lab.Lab
	opts    options
	say     func(format string, args ...any)
	random  *rand.Rand
	logind  *desktop.Logind
	tunnels []*tunnel
	report  *report
}

// weather builds the lab, lets the storm pass over it, and returns what there is to report, even if it failed
// half-way.
func weather(ctx context.Context, o options, say func(format string, args ...any)) (*report, error) {
	chosen, err := chooseFaults(o)
	if err != nil {
		return nil, err
	}
	lo := lab.Options{Impaired: true}
	if err := lo.FindPrograms(); err != nil {
		return nil, err
	}
	l, err := lab.Start(ctx, lo)
	if err != nil {
		return nil, err
	}
	s := &storm{Lab: l, opts: o, say: say, random: rand.New(rand.NewPCG(o.seed, 0)), report: &report{opts: o}}
	err = s.pass(ctx, chosen)
	if err != nil {
		err = fmt.Errorf("%w\nWhat the services and NetworkManager logged:\n%s", err, l.Desktop.VPNLog(0))
	}
	return s.report, errors.Join(err, l.Close())
}

// pass is all of it, from a desktop without a VPN to one without a VPN.
func (s *storm) pass(ctx context.Context, chosen []fault) error {
	if err := errors.Join(s.prepareGround(ctx), s.Office.Configure(ctx, shortLeases()), persevere(s.Desktop.Host), persevere(s.Office.Host)); err != nil {
		return err
	}
	var err error
	if !s.opts.calm {
		if s.logind, err = s.Desktop.StartLogind(); err != nil {
			return err
		}
	}
	before, err := s.settled(ctx)
	if err != nil {
		return err
	}
	if s.opts.verbose {
		if err := s.Desktop.LogMore(ctx, "VPN_PLUGIN:TRACE,VPN:DEBUG"); err != nil {
			return err
		}
	}
	if err := s.connectAll(ctx); err != nil {
		return err
	}
	watch, err := s.watchBases()
	if err != nil {
		return err
	}
	for _, t := range s.tunnels {
		if err := t.load(ctx, s.Lab); err != nil {
			return err
		}
	}
	s.report.begin, err = s.uses()
	if err != nil {
		return err
	}
	if err := s.rage(ctx, chosen); err != nil {
		return err
	}
	for _, t := range s.tunnels {
		s.report.streams = append(s.report.streams, t.unload()...)
	}
	if s.report.end, err = s.uses(); err != nil {
		return err
	}
	if s.report.goroutines, err = s.countGoroutines(ctx); err != nil {
		return err
	}
	s.report.clear = watch.seen()
	if err := s.disconnectAll(ctx); err != nil {
		return err
	}
	if s.report.canary, err = watch.end(ctx, s.report.clear); err != nil {
		return err
	}
	s.report.left, err = s.leftSince(ctx, before)
	return err
}

// rage strikes until time is up. Faults are drawn like cards, so that each kind comes once before one comes
// twice; now and then two are drawn together.
func (s *storm) rage(ctx context.Context, chosen []fault) error {
	var deck []fault
	for began := time.Now(); time.Since(began) < s.opts.length; {
		if len(deck) == 0 {
			deck = slices.Clone(chosen)
			s.random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		drawn := deck[:1:1]
		deck = deck[1:]
		if !s.opts.calm && s.random.IntN(3) == 0 {
			if i := slices.IndexFunc(deck, func(f fault) bool { return f.holds&drawn[0].holds == 0 }); i >= 0 {
				drawn = append(drawn, deck[i])
				deck = slices.Delete(deck, i, i+1)
			}
		}
		if err := s.strike(ctx, drawn); err != nil {
			return fmt.Errorf("%s: %w", names(drawn), err)
		}
	}
	return nil
}

// strike makes one fault, or two at once, happen and end, and waits until everything works again.
func (s *storm) strike(ctx context.Context, drawn []fault) error {
	var hold time.Duration
	began := time.Now()
	mark := s.Desktop.NMLogMark()
	pids := s.Desktop.Services()
	for _, t := range s.tunnels {
		t.beat.fresh()
	}
	long := time.AfterFunc(limit, func() { s.say("%s: began %v ago and is not over", names(drawn), limit) })
	defer long.Stop()
	ends := false
	var undo, reconnect []func() error
	for _, f := range drawn {
		hold = max(hold, f.least+time.Duration(s.random.Int64N(int64(f.most-f.least)+1)))
		end, err := f.strike(ctx, s)
		if err != nil { // a fault that has struck must not outlast this
			for _, end := range undo {
				err = errors.Join(err, end())
			}
			return err
		}
		switch {
		case f.ends:
			ends = true
			reconnect = append(reconnect, end)
		case end != nil:
			undo = append(undo, end)
		}
	}
	time.Sleep(hold)
	over := time.Now()
	for _, end := range undo {
		if err := end(); err != nil {
			return fmt.Errorf("ending it: %w", err)
		}
	}
	o := outcome{held: over.Sub(began)}
	// A person connects again when everything else is over.
	for _, again := range reconnect {
		o.failed = errors.Join(o.failed, again())
	}
	o.failed = errors.Join(o.failed, s.basesUp(ctx), s.recovers(ctx, over))
	o.back = time.Since(over)
	// The way back is part of it: it costs nothing, or causes a gap. A base that did not lead to the server
	// is avoided for a minute.
	err := netns.Await(ctx, "the tunnels to be on the better base", 3*limit, func() error { return s.onTheBetterBase(ctx) })
	o.home = time.Since(over)
	o.failed = errors.Join(o.failed, err)
	for _, t := range s.tunnels {
		if gap := t.beat.gap(); gap > o.gap {
			o.gap, o.whose = gap, t.name
		}
	}
	if now := s.Desktop.Services(); o.failed == nil && !ends && !slices.Equal(pids, now) {
		o.failed = fmt.Errorf("the services are %v, before they were %v", now, pids)
	}
	s.report.add(drawn, o)
	s.say("%s for %4.1f s: longest gap %4.1f s (%s), all back after %4.1f s, on the better base after %4.1f s %s",
		names(drawn), o.held.Seconds(), o.gap.Seconds(), o.whose, o.back.Seconds(), o.home.Seconds(), o.remark())
	if o.failed == nil && !s.opts.verbose {
		return nil
	}
	s.say("what the services and NetworkManager logged:\n%s", s.Desktop.VPNLog(mark))
	if o.failed == nil {
		return nil
	}
	return s.rescue(ctx)
}

// recovers waits until each tunnel carries everything again, and NetworkManager says so too.
func (s *storm) recovers(ctx context.Context, since time.Time) error {
	var errs []error
	for _, t := range s.tunnels {
		errs = append(errs, netns.Await(ctx, t.name+" to work again", limit, func() error { return t.works(ctx, s.Desktop, since) }))
	}
	return errors.Join(errs...)
}

// rescue does what a person would when a connection does not come back, so that the storm can go on.
func (s *storm) rescue(ctx context.Context) error {
	for _, t := range s.tunnels {
		if state, err := s.Desktop.State(t.name); err != nil || state == desktop.Activated {
			continue
		}
		_ = s.Desktop.Down(ctx, t.name) // it may be down already
		if err := s.Desktop.Up(ctx, t.name); err != nil {
			return err
		}
	}
	return s.recovers(ctx, time.Now())
}
