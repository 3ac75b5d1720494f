// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"network-manager-softether/dhcp/internal/pace"
	"network-manager-softether/dhcp/internal/packet"
)

// ErrInUse means that another host has an address that was given to this one manually.
var ErrInUse = errors.New("another host uses the address")

// rivalPause is the least time between two reports of rivals: RFC 5227 2.4 has a host defend its address once
// every 10 s, and people need less.
const rivalPause = time.Minute

// probes is how many probes are sent in the time of Probe, as in RFC 5227 2.1.1.
const probes = 3

// Rivals are other hosts that claim an IPv4 address of this one (RFC 5227 2.4).
type Rivals struct {
	mac    packet.MAC
	mine   func(net.HardwareAddr) bool
	probed bool
	own    atomic.Pointer[[]netip.Addr]
}

// NewRivals returns those of the host with that MAC. mine, which may be nil, recognises the other interfaces
// of this computer: Linux answers for its addresses on each of them. Answers to probes only count with
// probed, if nobody else listens for them.
func NewRivals(mac net.HardwareAddr, mine func(net.HardwareAddr) bool, probed bool) *Rivals {
	r := &Rivals{mine: mine, probed: probed}
	copy(r.mac[:], mac)
	return r
}

// Use sets the addresses that are in use from now on, in place of those before.
func (r *Rivals) Use(addrs ...netip.Addr) { r.own.Store(&addrs) }

// Match is a filter for the frames in which another host claims one of the addresses. It does not allocate
// and is safe for concurrent use.
func (r *Rivals) Match(frame []byte) bool {
	_, ok := r.claim(frame)
	return ok
}

func (r *Rivals) claim(frame []byte) (packet.ARPClaim, bool) {
	own := r.own.Load()
	if own == nil {
		return packet.ARPClaim{}, false
	}
	a, ok := packet.ParseARP(frame)
	return a, ok && a.MAC != r.mac && (r.probed || !a.ToProbe) && slices.Contains(*own, a.Addr)
}

// Watch reports rivals, at most once a minute, until the port is closed. The port must have the filter Match.
func (r *Rivals) Watch(port Port, tell func(netip.Addr, net.HardwareAddr)) {
	var told pace.Seldom
	for frame := range port.Frames() {
		if a, ok := r.rival(frame); ok && told.Due(time.Now(), rivalPause) {
			tell(a.Addr, a.MAC.HardwareAddr())
		}
	}
}

// rival is claim without the other interfaces of this computer.
func (r *Rivals) rival(frame []byte) (packet.ARPClaim, bool) {
	a, ok := r.claim(frame)
	return a, ok && (r.mine == nil || !r.mine(a.MAC.HardwareAddr()))
}

// Probe asks who else has the addresses and waits d for an answer, before which they must not be used. With 0
// it does not wait: Watch will hear the answer. It fails with [ErrInUse], or with the cause of ctx's end.
// Watch must not run before it returns.
func (r *Rivals) Probe(ctx context.Context, port Port, d time.Duration) error {
	own := r.own.Load()
	if own == nil {
		return nil
	}
	for range probes {
		for _, a := range *own {
			if err := port.Send(packet.ARPProbe(r.mac, a)); err != nil {
				return nil // lost, as on a cable; whoever closed the port reports it
			}
		}
		if d <= 0 {
			return nil
		}
		if err := r.hear(ctx, port, d/probes); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rivals) hear(ctx context.Context, port Port, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return nil
		case frame, open := <-port.Frames():
			if !open {
				return ErrPortClosed
			}
			if a, ok := r.rival(frame); ok {
				return fmt.Errorf("%w: %v, with MAC address %v", ErrInUse, a.Addr, a.MAC)
			}
		}
	}
}
