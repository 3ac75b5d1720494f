// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"slices"
	"time"

	"network-manager-softether/dhcp/internal/pace"
)

// A Maker forms the addresses of prefixes in the client's place. A kernel can do that, from [Advertisement]:
// it keeps lifetimes for each address, detects duplicates, and has temporary addresses, none of which the
// reader of a Config6 may be capable of.
//
// With a Maker, the best address of a Config6 is not replaced by a better one while it lives, since its
// reader does not deal with lifetimes, with two exceptions: a DHCPv6 address, which only the reader can set,
// comes first, and a unique local one gives way to a global one.
type Maker interface {
	// Make is told all prefixes to have addresses in, that of Config6.Addr first, whenever they or their
	// lifetimes change. It returns when the addresses are there, or shortly after.
	Make(prefixes []Prefix)
	// Made returns the address in a prefix. If there is none, the client forms one itself, taking into
	// account how many duplicates were found.
	Made(prefix netip.Prefix) (addr netip.Addr, duplicates int)
	// Taken reports whether a leased address has turned out to be a duplicate.
	Taken(addr netip.Addr) bool
	// Remade receives a value when what Made or Taken returns has changed.
	Remade() <-chan struct{}
}

// Prefix is a prefix of 64 bits to form an address in.
type Prefix struct {
	Net              netip.Prefix
	Chosen           bool      // its address is Config6.Addr
	Valid, Preferred time.Time // until when, by [Now]; zero: for ever
}

// Now is the clock by which the times of a [Prefix] are set and must be judged. It goes on while the machine is
// suspended, which [time.Now] does not.
func Now() time.Time { return pace.Now() }

// maxDuplicates is how many duplicates there may be before no other identifier is tried (RFC 7217,
// IDGEN_RETRIES).
const maxDuplicates = 3

// address returns the address in a prefix, false if there should be none.
func (c *Client) address(prefix netip.Prefix) (netip.Addr, bool) {
	if c.maker == nil {
		return c.ids.addr(prefix, 0), true
	}
	addr, duplicates := c.maker.Made(prefix)
	if addr.IsValid() {
		return addr, true
	}
	return c.ids.addr(prefix, duplicates), duplicates <= maxDuplicates
}

// choose moves the address that the reader of the configuration should use to the front of a sorted list: see
// [Maker].
func (c *Client) choose(list []candidate) {
	best := slices.IndexFunc(list, func(a candidate) bool { return !a.slaac })
	if best < 0 {
		best = slices.IndexFunc(list, func(a candidate) bool { return a.from == c.chosen })
		if best > 0 && list[best].local && !list[0].local && !list[0].deprecated {
			best = 0
		}
	}
	if best > 0 {
		first := list[best]
		copy(list[1:], list[:best])
		list[0] = first
	}
	c.chosen = netip.Prefix{}
	if len(list) > 0 {
		c.chosen = list[0].from
	}
}

// make tells the maker what is new.
func (c *Client) make(now time.Time) {
	if c.maker == nil {
		return
	}
	c.addresses(now) // chooses
	var list []Prefix
	for _, r := range c.host.addrs.rows {
		p := Prefix{Net: r.key, Chosen: r.key == c.chosen, Valid: r.until, Preferred: r.value}
		switch {
		case c.host.astray(r.key, now):
			p.Preferred = c.host.heard
		case left(r.value, now) >= farAway/2:
			p.Preferred = time.Time{}
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b Prefix) int { return falseFirst(!a.Chosen, !b.Chosen) })
	if !slices.Equal(list, c.told) {
		c.told = list
		c.maker.Make(slices.Clone(list))
	}
}

func (c *Client) remade() <-chan struct{} {
	if c.maker == nil {
		return nil
	}
	return c.maker.Remade()
}
