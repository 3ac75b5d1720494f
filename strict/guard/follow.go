// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// A settings page writes what a person wants into a profile, and no more. Follow makes the guard follow the
// profiles: Steps decides what is to be done, without side effects, and Do does it.

// An Action is what is done about a profile.
type Action int

// The actions.
const (
	SetUp   Action = iota + 1 // or set up again, as key, server or routes have changed
	Release                   // the key says that nothing is blocked
	Settle                    // the same, when somebody may be in the middle of a change
	Renew                     // the guard itself, and the networks, of profiles that are as they should be
	Tell                      // that the profile has been deleted and its lock has not: see ErrDeleted
)

// A Step is one thing to be done. Equal steps are the same one, tried again.
type Step struct {
	Action Action
	UUID   string // of the profile, empty for Renew
	Name   string // empty for Renew and Tell
	Key    profile.Strict
	// For is what in the profile made the step necessary: when it changes, the step may be tried again at
	// once.
	For string
}

// Steps returns what it takes to make the guard match the profiles. Locks of profiles that cannot be seen, as
// they belong to another person or have been deleted, stay as they are.
func (s State) Steps() []Step {
	var list []Step
	mine := false
	for _, v := range s.VPNs {
		l, locked := s.Locks[v.UUID()]
		if step := (Step{UUID: v.UUID(), Name: v.Name(), Key: v.key(), For: v.reason()}); v.Strict() {
			mine = mine || locked
			if !locked || !v.follows(l) {
				step.Action = SetUp
				list = append(list, step)
			}
		} else if v.bound() {
			step.Action = Release
			list = append(list, step)
		} else if locked {
			step.Action = Settle
			list = append(list, step)
		}
	}
	switch {
	case len(list) > 0: // which takes care of the rest, or shows that it cannot
	case mine && !(s.Active && s.Guard.current(s.Locks)), mine && s.stale(s.Locks), s.Guard.path == "" && s.stale(nil):
		list = append(list, Step{Action: Renew, For: strings.Join(s.Locks.UUIDs(), " ")})
	}
	if s.Active {
		for _, uuid := range s.Deleted {
			list = append(list, Step{Action: Tell, UUID: uuid})
		}
	}
	return list
}

// stale reports whether a network has rules other than those of the locks.
func (s State) stale(l Locks) bool {
	return slices.ContainsFunc(s.Networks, func(n Connection) bool { _, changed := n.withRules(l); return changed })
}

// reason returns everything in a profile that concerns strict mode.
func (v Connection) reason() string {
	data := v.data()
	list := []string{
		data[profile.KeyStrict], data[profile.KeyGateway], data[profile.KeyTransport], data[profile.KeyProxyType],
		data[profile.KeyProxyServer], data[profile.KeyServerAddresses],
	}
	for _, family := range families {
		if v.inTable(family) {
			list = append(list, family)
		}
	}
	return strings.Join(list, "\n")
}

// follows reports whether profile and lock say the same.
func (v Connection) follows(l Lock) bool {
	host, err := v.entrance()
	return err == nil && l.leadsTo(v.UUID(), host) && v.ready(l)
}

// nameTimeout is how long the system may take to resolve the name of a server. While everything is blocked
// there is no answer.
const nameTimeout = 20 * time.Second

// Do does what a step says. A VPN that is connected with a profile that has changed is reconnected: otherwise
// it would have no route any more or, once nothing is blocked, other traffic would leave beside it.
func (m *Manager) Do(step Step) error {
	s, err := m.Read()
	if err != nil {
		return err
	}
	switch step.Action {
	case Renew:
		return m.renew(s)
	case Tell:
		if s.Active && slices.Contains(s.Deleted, step.UUID) {
			return ErrDeleted
		}
		return nil
	}
	i := slices.IndexFunc(s.VPNs, func(v Connection) bool { return v.UUID() == step.UUID })
	if i < 0 {
		return nil // deleted meanwhile
	}
	v := s.VPNs[i]
	if v.Strict() != (step.Action == SetUp) {
		return nil // another step does that
	}
	if step.Action != SetUp {
		_, err := m.open(v, func() { m.reconnect(v) })
		return err
	}
	one, err := m.wanted(v, s)
	if err != nil {
		return err
	}
	again := !v.ready(one)
	if err := m.set(v, one, s, Connection.Strict); err != nil || !again {
		return err
	}
	m.reconnect(v)
	return nil
}

// wanted returns the lock that the profile asks for.
func (m *Manager) wanted(v Connection, s State) (Lock, error) {
	host, err := v.entrance()
	if err != nil {
		return Lock{}, err
	}
	one := Lock{LAN: v.key() == profile.StrictAllowLAN, mark: markOf(v.UUID(), host)}
	before, locked := s.Locks[v.UUID()]
	own := v.addresses()
	switch {
	case !locked: // what somebody has written there, perhaps for the members of a cluster
		one.Servers, err = m.resolve(host, own, s)
	case !before.leadsTo(v.UUID(), host):
		if slices.Equal(own, before.Servers) {
			own = nil // they are the old server's
		}
		one.Servers, err = m.resolve(host, own, s)
	case len(own) > 0:
		one.Servers = own
	default:
		one.Servers = before.Servers
	}
	return one, err
}

// resolve returns the addresses of a host, together with more, which suffice if there are no others.
func (m *Manager) resolve(host string, more []netip.Addr, s State) ([]netip.Addr, error) {
	found, err := m.find(host, s)
	if err != nil && len(more) == 0 {
		return nil, unresolved(host, err)
	}
	return tidy(append(found, more...)), nil
}

// find resolves a host, through the guard if that blocks the way.
func (m *Manager) find(host string, s State) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(m.ctx, nameTimeout)
	defer cancel()
	found, err := lookup(ctx, host)
	if err == nil || len(s.Locks) == 0 {
		return found, err
	}
	found, errAsked := m.ask(host, s.Locks)
	if errAsked != nil {
		return nil, errors.Join(err, errAsked)
	}
	return found, nil
}

// renew makes guard and networks match the locks again.
func (m *Manager) renew(s State) error {
	var err error
	if len(s.Locks) > 0 {
		if !s.Guard.current(s.Locks) {
			if err := m.write(s.Guard, connection(s.Locks)); err != nil {
				return po.Errorf("“%s” could not be changed: %w", Name, err)
			}
		}
		err = m.raise(s.Guard, s.Locks)
	}
	return errors.Join(err, m.stamp(s.Networks, s.Locks))
}
