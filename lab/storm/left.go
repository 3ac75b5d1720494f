// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/procfs"
)

// A state is a description of a computer: lines, by topic.
type state map[string][]string

// ownLoopback is what NetworkManager 1.52 adds to the main table for a loopback device that it has once
// managed. The table of local addresses comes first, so nothing is ever routed by it.
var ownLoopback = regexp.MustCompile(`^(127\.0\.0\.0/8|::1) dev lo proto kernel (scope link src 127\.0\.0\.1 )?metric 30\b`)

// state describes the desktop.
func (s *storm) state(ctx context.Context) (state, error) {
	now := state{"programs": s.Desktop.Programs()}
	for what, command := range map[string]string{
		"interfaces": "ip -brief link", "addresses": "ip -brief address", "routes": "ip route show table all", "routes (IPv6)": "ip -6 route show table all",
		"rules": "ip rule", "rules (IPv6)": "ip -6 rule", "nft tables": "nft list tables", "connections": "nmcli -g NAME,DEVICE connection show",
	} {
		out, err := s.Desktop.Must(ctx, strings.Fields(command)...)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(out) {
			if line = strings.Join(strings.Fields(line), " "); !ownLoopback.MatchString(line) {
				now[what] = append(now[what], line)
			}
		}
	}
	dns, err := s.Desktop.DNS()
	for _, d := range dns {
		now["DNS"] = append(now["DNS"], fmt.Sprint(d))
	}
	now["DNS"] = append(now["DNS"], strings.Split(s.Desktop.ResolvConf(), "\n")...)
	return now, err
}

// settle is how long NetworkManager is given to settle.
const settle = 30 * time.Second

// settled returns the state once it no longer changes: NetworkManager 1.52 still probes for a base's address
// after it is connected.
func (s *storm) settled(ctx context.Context) (now state, err error) {
	now, err = s.state(ctx)
	if err != nil {
		return nil, err
	}
	err = netns.Await(ctx, "the desktop to come to rest", settle, func() error {
		before := now
		time.Sleep(time.Second)
		if now, err = s.state(ctx); err != nil {
			return err
		}
		if changes := before.to(now); len(changes) > 0 {
			return fmt.Errorf("%q", changes)
		}
		return nil
	})
	return now, err
}

// leftSince lists what still differs from before once NetworkManager has had time to remove it.
func (s *storm) leftSince(ctx context.Context, before state) (left []string, err error) {
	// Whatever stays is for the verdict; an error would be one of looking.
	_ = netns.Await(ctx, "what the storm has changed to go", settle, func() error {
		var now state
		if now, err = s.state(ctx); err != nil {
			return err
		}
		if left = before.to(now); len(left) > 0 {
			return fmt.Errorf("%q", left)
		}
		return nil
	})
	return left, err
}

// to lists what is different after.
func (before state) to(after state) []string {
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(after)) {
		gone, came := slices.Clone(before[what]), slices.Clone(after[what])
		for _, line := range before[what] {
			if i := slices.Index(came, line); i >= 0 {
				came = slices.Delete(came, i, i+1)
				gone = slices.Delete(gone, slices.Index(gone, line), slices.Index(gone, line)+1)
			}
		}
		for _, line := range came {
			lines = append(lines, what+": + "+line)
		}
		for _, line := range gone {
			lines = append(lines, what+": - "+line)
		}
	}
	return lines
}

// A use is what a program uses.
type use struct {
	descriptors int
	memory      int64 // bytes that no file backs
}

// uses returns what the services use together, and NetworkManager.
func (s *storm) uses() (map[string]use, error) {
	all := map[string]use{}
	for name, pids := range map[string][]int{"services": s.Desktop.Services(), "NetworkManager": {s.Desktop.NM()}} {
		usage, err := procfs.UsageOf(pids...)
		if err != nil {
			return nil, err
		}
		sum := use{memory: usage.Private}
		for _, pid := range pids {
			n, err := procfs.Open(pid)
			if err != nil {
				return nil, err
			}
			sum.descriptors += n
		}
		all[name] = sum
	}
	return all, nil
}

// goroutines counts those of all services: after the storm, and of new services that do the same.
type goroutines struct{ storm, fresh int }

// countGoroutines ends each service by SIGQUIT, at which Go prints its stacks, and then those started in
// their place as well.
func (s *storm) countGoroutines(ctx context.Context) (goroutines, error) {
	storm, err := s.stacks(ctx)
	if err != nil {
		return goroutines{}, err
	}
	if err := s.connected(ctx); err != nil {
		return goroutines{}, err
	}
	fresh, err := s.stacks(ctx)
	if err != nil {
		return goroutines{}, err
	}
	return goroutines{storm, fresh}, s.connected(ctx)
}

var stackHead = regexp.MustCompile(`(?m)^goroutine \d+ .*\[`)

func (s *storm) stacks(ctx context.Context) (int, error) {
	sum := 0
	for _, pid := range s.Desktop.Services() {
		mark := s.Desktop.NMLogMark()
		if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
			return 0, err
		}
		err := netns.Await(ctx, "the service to end by SIGQUIT", limit, func() error {
			if slices.Contains(s.Desktop.Services(), pid) {
				return errors.New("it still runs")
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		n := len(stackHead.FindAllString(s.Desktop.NMLog(mark), -1))
		if n == 0 {
			return 0, fmt.Errorf("the service wrote no stacks: %s", s.Desktop.NMLog(mark))
		}
		sum += n
	}
	return sum, nil
}

// connected connects all again, and waits until they have everything they are going to have.
func (s *storm) connected(ctx context.Context) error {
	if err := s.reconnect(ctx); err != nil {
		return err
	}
	all := 0
	for _, t := range s.tunnels {
		all += t.connections
	}
	return netns.Await(ctx, "all TCP connections", limit, func() error {
		ports, err := s.VPNConnections(ctx)
		if err == nil && len(ports) < all {
			err = fmt.Errorf("there are %d of %d", len(ports), all)
		}
		return err
	})
}
