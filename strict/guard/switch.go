// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"

	"network-manager-softether/po"
)

// A Wish says how strict mode should be turned on.
type Wish struct {
	LAN     bool         // private addresses of the local network stay reachable
	Servers []netip.Addr // in addition to those of the server's name
}

// On blocks first and then lets the VPN through: in between, the computer reaches nothing.
func (m *Manager) On(v Connection, w Wish) (Lock, error) {
	s, err := m.Read()
	if err != nil {
		return Lock{}, err
	}
	before, had := s.Locks[v.UUID()]
	host, err := v.entrance()
	if err != nil {
		return Lock{}, err
	}
	one := Lock{LAN: w.LAN, Servers: slices.Clone(w.Servers), mark: markOf(v.UUID(), host)}
	found, err := m.find(host, s)
	switch {
	case err == nil:
		one.Servers = append(one.Servers, found...)
	case len(one.Servers) > 0:
	case had && len(before.Servers) > 0 && before.leadsTo(v.UUID(), host):
		one.Servers = before.Servers // nobody answers
	default:
		return Lock{}, unresolved(host, err)
	}
	one.Servers = tidy(one.Servers)
	return one, m.set(v, one, s, func(Connection) bool { return true })
}

// set gives a profile that lock, for as long as it is still wanted.
func (m *Manager) set(v Connection, one Lock, s State, wanted func(Connection) bool) error {
	before, had := s.Locks[v.UUID()]
	l, err := m.lock(v.UUID(), &one)
	if err != nil {
		return err
	}
	still := true
	locked := func(v Connection) Settings { return v.locked(one) }
	err = m.update(v, locked, func(v Connection) bool {
		still = wanted(v)
		return !still || v.ready(one)
	})
	if err != nil || !still {
		old := &before
		if !had || !still {
			old = nil
		}
		_, errBack := m.lock(v.UUID(), old)
		return errors.Join(err, errBack)
	}
	_ = m.stamp(s.Networks, l)
	// Another writer may have read the guard before this one wrote, and have written after it.
	_, err = m.lock(v.UUID(), &one)
	return err
}

// Off moves the VPN's routes back into the ordinary table before the rules go. It returns the locks that are
// left.
func (m *Manager) Off(v Connection) (Locks, error) {
	return m.open(v, func() {})
}

// open is Off with a hook that runs before the rules go. Until then, the profile has the server's addresses.
func (m *Manager) open(v Connection, before func()) (Locks, error) {
	s, err := m.Read()
	if err != nil {
		return nil, err
	}
	if err := m.update(v, Connection.opening, Connection.released); err != nil {
		return nil, err
	}
	before()
	left, err := m.unlock(v.UUID(), s)
	// If somebody has turned strict mode on again meanwhile, they are needed.
	done := func(v Connection) bool { return v.bound() || !v.known() }
	return left, errors.Join(err, m.update(v, Connection.unknown, done))
}

// unlock takes a lock away, first from the networks.
func (m *Manager) unlock(uuid string, s State) (Locks, error) {
	left := maps.Clone(s.Locks)
	delete(left, uuid)
	_ = m.stamp(s.Networks, left)
	return m.lock(uuid, nil)
}

// Forget is Off for a profile that has been deleted, or is not shown to this person. It returns the locks that
// are left.
func (m *Manager) Forget(uuid string) (Locks, error) {
	s, err := m.Read()
	if err != nil {
		return nil, err
	}
	return m.unlock(uuid, s)
}

// OffAll is for a person who has lost a profile, and with it access to the network.
func (m *Manager) OffAll() error {
	s, err := m.Read()
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range s.VPNs {
		if v.bound() {
			errs = append(errs, m.update(v, Connection.unlocked, Connection.free))
		}
	}
	_ = m.stamp(s.Networks, Locks{})
	if s.Guard.path != "" {
		errs = append(errs, m.remove(s.Guard))
	}
	return errors.Join(errs...)
}

// maxServers bounds the addresses of one VPN, to what server-addresses has room for.
const maxServers = 12

// lookup returns the addresses of a host, other than those that can be none of a server.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	a, err := netip.ParseAddr(host)
	list := []netip.Addr{a}
	if err != nil {
		if list, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
			return nil, err
		}
	}
	usable := slices.DeleteFunc(tidy(slices.Clone(list)), func(a netip.Addr) bool { return !Usable(a) })
	if len(usable) == 0 {
		return nil, po.Errorf("“%s” is not the address of a server", list[0])
	}
	return usable, nil
}

// unresolved returns the error of a host without addresses. One that is an address needs no other.
func unresolved(host string, err error) error {
	if _, errName := netip.ParseAddr(host); errName == nil {
		return err
	}
	return po.Errorf("the name %s could not be resolved; give the addresses after the connection: %w", host, err)
}

// tidy sorts addresses and removes duplicates.
func tidy(list []netip.Addr) []netip.Addr {
	for i := range list {
		list[i] = list[i].Unmap()
	}
	slices.SortFunc(list, netip.Addr.Compare)
	list = slices.Compact(list)
	return list[:min(len(list), maxServers)]
}
