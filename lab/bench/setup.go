// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/softether"
)

// A setup is one way of connecting, the same for both clients.
type setup struct {
	name, title string
	ours        map[string]string // keys of the profile
	official    softether.OfficialAccount
	full        bool // measure everything, not bulk transfer alone
	// inForce checks the server's description of the session for what the setup is about; nil: there is
	// nothing to check.
	inForce func(session map[string]string) bool
	warm    time.Duration // how long to transfer before measuring; 0 is a second
	ways    []way         // of bulk transfer, nil is all three
	// congestion is the algorithm that all TCP uses; "" is this computer's own choice.
	congestion string
}

func (s setup) directions() []way {
	if s.ways == nil {
		return []way{up, down, both}
	}
	return s.ways
}

// pings reports whether to measure the latency under load as well.
func (s setup) pings() bool { return s.full || s.congestion != "" }

func (s setup) warmUp() time.Duration { return cmp.Or(s.warm, time.Second) }

var setups = []setup{
	{
		name: "tcp", title: "one TCP connection", full: true,
		ours:     map[string]string{"max-connections": "1", "udp-acceleration": "no"},
		official: softether.OfficialAccount{Connections: 1, NoUDP: true},
		inForce:  func(s map[string]string) bool { return !udpInUse(s) },
	},
	{
		// What most computers use.
		name: "cubic", title: "one TCP connection, CUBIC", congestion: "cubic",
		ours:     map[string]string{"max-connections": "1", "udp-acceleration": "no"},
		official: softether.OfficialAccount{Connections: 1, NoUDP: true},
		inForce:  func(s map[string]string) bool { return !udpInUse(s) },
	},
	{
		name: "tcp8", title: "8 TCP connections",
		ours:     map[string]string{"max-connections": "8", "udp-acceleration": "no"},
		official: softether.OfficialAccount{Connections: 8, NoUDP: true},
		inForce:  func(s map[string]string) bool { return connections(s) == "8" },
	},
	{
		name: "tcp32", title: "32 TCP connections",
		ours:     map[string]string{"max-connections": "32", "udp-acceleration": "no"},
		official: softether.OfficialAccount{Connections: 32, NoUDP: true},
		inForce:  func(s map[string]string) bool { return connections(s) == "32" },
	},
	{
		name: "udp", title: "UDP acceleration",
		ours:     map[string]string{"max-connections": "1", "udp-acceleration": "yes"},
		official: softether.OfficialAccount{Connections: 1},
		inForce:  udpInUse,
	},
	{
		name: "compressed", title: "compression, UDP acceleration and 4 connections",
		ours:     map[string]string{"max-connections": "4", "udp-acceleration": "yes", "compression": "yes"},
		official: softether.OfficialAccount{Connections: 4, Compress: true},
		inForce: func(s map[string]string) bool {
			return udpInUse(s) && strings.HasPrefix(s["Use of Compression"], "Yes")
		},
	},
}

func setupNames() []string {
	var names []string
	for _, s := range setups {
		names = append(names, s.name)
	}
	return names
}

func chooseSetups(only string) ([]setup, error) {
	if only == "" {
		return setups, nil
	}
	var chosen []setup
	for name := range strings.SplitSeq(only, ",") {
		if name == desktopSetup {
			continue // is measured in any case
		}
		i := slices.Index(setupNames(), name)
		if i < 0 {
			return nil, fmt.Errorf("no setup %q, there are %s", name, strings.Join(setupNames(), ", "))
		}
		chosen = append(chosen, setups[i])
	}
	return chosen, nil
}

// The items of vpncmd's SessionGet.
func udpInUse(s map[string]string) bool {
	return strings.HasPrefix(s["UDP Acceleration is Active"], "Yes")
}

func connections(s map[string]string) string {
	return s["Number of TCP Connections"]
}

// session asks the server for Alice's only session.
func session(ctx context.Context, l *lab.Lab) (map[string]string, error) {
	names, err := l.Server.Sessions(ctx, softether.HubOffice, softether.Alice)
	if err != nil {
		return nil, err
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("the server has %d sessions of %s instead of one: %v", len(names), softether.Alice.Name, names)
	}
	out, err := l.Server.Admin(ctx, "Hub "+softether.HubOffice+"\nSessionGet "+names[0])
	if err != nil {
		return nil, err
	}
	items := map[string]string{}
	for line := range strings.Lines(out) {
		if name, value, ok := strings.Cut(line, "|"); ok {
			items[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return items, nil
}
