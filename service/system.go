// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol"
	"network-manager-softether/service/sandbox"
	"network-manager-softether/tapbridge"
)

// system is how a connection reaches the rest of the computer and the server; tests replace it.
type system struct {
	dial    func(context.Context, *protocol.Config) (session, error)
	openTAP func(tapbridge.TAPConfig) (tap, error)
	// confine gives up privileges before the first login; openTAP fails after it.
	confine func(*slog.Logger) error
	// heldBy names the interface outside of the tunnel that has an address.
	heldBy func(tap string, a netip.Addr) string
	// ownMAC reports whether an interface outside of the tunnel has a MAC address.
	ownMAC func(tap string, mac net.HardwareAddr) bool
	// readSurroundings returns the networks outside the tunnel.
	readSurroundings func(tap string, server netip.Addr) surroundings
	// watchGround returns the networks outside the tunnel, and reports every change; may be nil.
	watchGround func(log *slog.Logger, changed func(terrain)) (now terrain, stop func(), err error)
	// watchSleep reports when the computer is about to sleep and when it is awake; may be nil.
	watchSleep func(log *slog.Logger, changed func(asleep bool, ready func())) (stop func(), err error)
	// nameServers returns those of a network interface; may be nil.
	nameServers func(ctx context.Context, device string) ([]netip.Addr, error)
	// parents returns the interfaces that NetworkManager has below a profile's connection; may be nil.
	parents func(ctx context.Context, uuid string) ([]string, error)
	// addrsOf lists the IPv6 addresses of a device, and watchAddrs reports changes; may be nil.
	addrsOf    func(device int) ([]kernelAddr, error)
	watchAddrs func(changed func()) (stop func(), err error)
	// editProfiles opens, before confine, the one thing that takes the rights of root on the system bus.
	editProfiles func() (profileEditor, error)
	// clock is sinceBoot.
	clock func() time.Duration
	// pinNeighbor adds a permanent neighbour entry on a device; may be nil.
	pinNeighbor func(device int, addr netip.Addr, mac [6]byte) error
	// sweep overwrites what a login has left in memory.
	sweep func(*slog.Logger)
}

// session is a *protocol.Session.
type session interface {
	Info() protocol.Info
	Live() protocol.Live
	Start(receive func(frames [][]byte))
	Send(*frame.Batch) error
	Done() <-chan struct{}
	Err() error
	// Move tells that dials lead over another base now, and returns the number that its answer bears.
	Move(alive bool) int
	Close() error
}

// serverOf returns where the session's packets go, outside the tunnel.
func serverOf(s session) netip.Addr { return s.Info().ServerAddr.Addr().Unmap() }

// tap is a *tapbridge.TAP.
type tap interface {
	tapbridge.Device
	Name() string
	Index() int
	MAC() net.HardwareAddr
	SetCarrier(on bool) error
	Close() error
}

var thisSystem = system{
	dial: func(ctx context.Context, cfg *protocol.Config) (session, error) {
		s, err := protocol.Dial(ctx, cfg)
		if err != nil {
			return nil, err // not a typed nil
		}
		return s, nil
	},
	openTAP: func(cfg tapbridge.TAPConfig) (tap, error) {
		t, err := tapbridge.OpenTAP(cfg)
		if err != nil {
			return nil, err
		}
		return t, nil
	},
	confine:          sandbox.Enter,
	readSurroundings: readSurroundings,
	heldBy:           heldBy,
	ownMAC:           ownMAC,
	watchGround:      watchGround,
	addrsOf:          addrsOf,
	watchAddrs:       watchAddrs,
	pinNeighbor:      pinNeighbor,
	clock:            sinceBoot,
	sweep:            sweep,
}
