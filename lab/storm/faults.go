// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// A fault is something that happens to the connections.
type fault struct {
	name        string
	least, most time.Duration // how long it lasts
	holds       part          // what it needs for itself while it lasts
	// ends is true for a fault that ends a service by design: a person, here the storm, connects again.
	ends   bool
	strike func(ctx context.Context, s *storm) (undo func() error, err error)
}

// A part of the set-up. Faults that hold different parts can strike at once.
type part uint

const (
	services part = 1 << iota
	server
	nm // NetworkManager is asked for something
	cables
	line
	dhcp
)

// faults are all kinds there are.
var faults = slices.Concat(tunnelFaults, groundFaults, []fault{sleepFault}, placeFaults)

// tunnelFaults happen to the session, at the server, and to the service.
var tunnelFaults = []fault{
	{"all TCP connections reset", 0, time.Second, server, false, func(ctx context.Context, s *storm) (func() error, error) {
		return nil, s.ResetConnections(ctx)
	}},
	{"one TCP connection reset", 0, time.Second, server, false, func(ctx context.Context, s *storm) (func() error, error) {
		ports, err := s.VPNConnections(ctx)
		if err != nil || len(ports) == 0 {
			return nil, err // another fault may just have ended all
		}
		return nil, s.ResetConnection(ctx, ports[s.random.IntN(len(ports))])
	}},
	{"session kicked", 0, time.Second, server, false, func(ctx context.Context, s *storm) (func() error, error) {
		hub := s.anyTunnel().hub
		if names, err := s.Server.Sessions(ctx, hub, softether.Alice); err != nil || len(names) == 0 {
			return nil, err // another fault may just have ended it
		}
		return nil, s.Server.Kick(ctx, hub, softether.Alice)
	}},
	{"server restarted", 0, 6 * time.Second, server, false, func(ctx context.Context, s *storm) (func() error, error) {
		end := s.Server.Stop
		if s.random.IntN(2) == 0 {
			end = s.Server.Kill
		}
		return func() error { return s.Server.Start(ctx) }, end(ctx)
	}},
	{"hub off and on", time.Second, 6 * time.Second, server, false, func(ctx context.Context, s *storm) (func() error, error) {
		hub := s.anyTunnel().hub
		return func() error { return s.Server.SetHub(ctx, hub, true) }, s.Server.SetHub(ctx, hub, false)
	}},
	{"DHCP server silent", 10 * time.Second, 15 * time.Second, dhcp, false, func(ctx context.Context, s *storm) (func() error, error) {
		silent := shortLeases()
		silent.Silent = true
		return func() error { return s.Office.Configure(ctx, shortLeases()) }, s.Office.Configure(ctx, silent)
	}},
	{"server frozen", time.Second, 12 * time.Second, server, false, func(_ context.Context, s *storm) (func() error, error) {
		return func() error { return s.Server.Freeze(false) }, s.Server.Freeze(true)
	}},
	{"service killed", 0, 3 * time.Second, services, true, func(ctx context.Context, s *storm) (func() error, error) {
		pids := s.Desktop.Services()
		if len(pids) == 0 {
			return nil, errors.New("there is no service")
		}
		return func() error { return s.reconnect(ctx) }, syscall.Kill(pids[s.random.IntN(len(pids))], syscall.SIGKILL)
	}},
	{"service frozen", time.Second, 8 * time.Second, services, false, func(_ context.Context, s *storm) (func() error, error) {
		pids := s.Desktop.Services()
		return func() error { return signal(pids, syscall.SIGCONT) }, signal(pids, syscall.SIGSTOP)
	}},
}

// shortLeases is the office's DHCP with leases that are renewed every few seconds.
func shortLeases() servers.DHCP {
	c := servers.OfficeDHCP()
	c.Lease, c.T1, c.T2 = 2*time.Minute, 8*time.Second, 80*time.Second
	return c
}

// anyTunnel picks a tunnel at random.
func (s *storm) anyTunnel() *tunnel { return s.tunnels[s.random.IntN(len(s.tunnels))] }

// reconnect connects what is down, as a person would.
func (s *storm) reconnect(ctx context.Context) error {
	err := s.basesUp(ctx)
	if err != nil {
		return err
	}
	err = netns.Await(ctx, "NetworkManager to see which VPNs have ended", limit, func() error {
		active := 0
		for _, t := range s.tunnels {
			state, err := s.Desktop.State(t.name)
			if err != nil {
				return err
			}
			if state != 0 {
				active++
			}
		}
		if now := len(s.Desktop.Services()); now != active {
			return fmt.Errorf("%d VPNs are active, and %d services run", active, now)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range s.tunnels {
		if state, err := s.Desktop.State(t.name); err != nil || state != 0 {
			continue
		}
		// NetworkManager calls a base active a moment before it has all its routes.
		err := netns.Await(ctx, t.name+" to connect", limit, func() error {
			err := s.Desktop.Up(ctx, t.name)
			if err != nil {
				s.say("%s does not connect at once: %v", t.name, err)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
