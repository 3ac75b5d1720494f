// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"network-manager-softether/dhcp/autoconf"
)

// NetworkManager accepts one IPv6 address from a plugin, and no lifetime (networkmanager.md 4.3). So the
// kernel forms the addresses of prefixes, as on a cable, from router advertisements that are written here:
// one for each prefix, each with its lifetimes, and temporary ones if the profile says so. NetworkManager is
// told one of them and takes it over, with an infinite lifetime; the next advertisement corrects that.
// Everything else in the network's advertisements, routes above all, stays with NetworkManager.

// kernel6 is the kernel's part in the addresses of the TAP, an [autoconf.Maker].
type kernel6 struct {
	log    *slog.Logger
	write  func(frame []byte) error        // to the kernel
	list   func() ([]kernelAddr, error)    // addresses of the TAP that are not link-local
	claims func(netip.Addr) (string, bool) // the hardware address of another host that has recently claimed one
	stop   func()
	now    func() time.Time
	// temporary: there are temporary addresses, which require an order; see frames.
	temporary bool
	remade    chan struct{}
	young     atomic.Pointer[youngLeases]

	mu         sync.Mutex
	wanted     []autoconf.Prefix
	past       []autoconf.Prefix // withdrawn since the last advertisement
	found      []kernelAddr
	duplicates map[netip.Prefix][]netip.Addr
	own        map[netip.Addr]bool      // that the kernel has formed, or would form
	named      map[netip.Addr]bool      // duplicates of leased addresses that were logged
	born       map[netip.Addr]time.Time // when leased addresses were first seen
	written    time.Time
	again      *time.Timer
}

// A kernelAddr is an address as the kernel has it.
type kernelAddr struct {
	addr      netip.Addr
	bits      int
	temporary bool
	tentative bool // under duplicate address detection, usable or not
	failed    bool // another host has it
	settled   bool // NetworkManager has taken it over
	valid     time.Duration
	preferred time.Duration
}

const (
	// madeWait is for a kernel that takes its time with addresses; usually they are there at once.
	madeWait = 50 * time.Millisecond
	// advertPause is the least time between two advertisements that correct lifetimes, so that nobody can
	// keep the kernel, and NetworkManager, busy.
	advertPause = 200 * time.Millisecond
)

var forever6 = time.Duration(1<<63 - 1)

func newKernel6(log *slog.Logger, temporary bool) *kernel6 {
	return &kernel6{log: log, temporary: temporary, now: autoconf.Now, remade: make(chan struct{}, 1), duplicates: map[netip.Prefix][]netip.Addr{}, own: map[netip.Addr]bool{}, named: map[netip.Addr]bool{}}
}

// Make implements [autoconf.Maker].
func (k *kernel6) Make(prefixes []autoconf.Prefix) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, old := range k.wanted {
		_, there := k.made(old.Net) // even after its end: the kernel counts no time that the machine was suspended
		if !slices.ContainsFunc(prefixes, func(p autoconf.Prefix) bool { return p.Net == old.Net }) && (there || k.left(old.Valid) > 0) {
			old.Preferred = time.Unix(1, 0)
			k.past = append(k.past, old)
		}
	}
	k.wanted = prefixes
	if len(k.past) > 0 || k.wrong() {
		k.advertise()
	}
	for until := time.Now().Add(madeWait); ; time.Sleep(madeWait / 50) {
		k.look()
		if len(k.missing()) == 0 || time.Now().After(until) {
			return
		}
	}
}

// Made implements [autoconf.Maker].
func (k *kernel6) Made(prefix netip.Prefix) (netip.Addr, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, _ := k.made(prefix)
	return a.addr, len(k.duplicates[prefix])
}

// Remade implements [autoconf.Maker].
func (k *kernel6) Remade() <-chan struct{} { return k.remade }

// made returns the address in a prefix, preferring the one that NetworkManager has taken over. NetworkManager
// turns an address whose prefix is not on the link into a /128; other /128 addresses come from a DHCPv6
// server.
func (k *kernel6) made(prefix netip.Prefix) (best kernelAddr, ok bool) {
	for _, a := range k.found {
		if (a.bits == prefix.Bits() || k.own[a.addr]) && prefix.Contains(a.addr) && !a.temporary && !a.failed &&
			!slices.Contains(k.duplicates[prefix], a.addr) && (!ok || a.settled) {
			best, ok = a, true
		}
	}
	return best, ok
}

// missing returns the prefixes that the kernel should have an address in.
func (k *kernel6) missing() []autoconf.Prefix {
	return slices.DeleteFunc(k.eligible(), func(p autoconf.Prefix) bool {
		_, there := k.made(p.Net)
		return there
	})
}

// eligible returns the prefixes to advertise now. After a duplicate, the kernel would try the same identifier
// again with every advertisement, so that prefix is left to NetworkManager.
//
// When NetworkManager takes an address over, the kernel drops the temporary ones in that prefix, and forms
// others only while it has none at all: so the other prefixes wait.
func (k *kernel6) eligible() []autoconf.Prefix {
	var list []autoconf.Prefix
	for _, p := range k.wanted {
		if len(k.duplicates[p.Net]) > 0 || k.left(p.Valid) <= 0 {
			continue
		}
		list = append(list, p)
		if a, ok := k.made(p.Net); k.temporary && p.Chosen && !(ok && a.settled) {
			break
		}
	}
	return list
}

// advertise announces the prefixes to the kernel. The chosen one comes first, in a frame of its own, because
// of temporary addresses.
func (k *kernel6) advertise() {
	list := append(k.eligible(), k.past...)
	k.past = nil
	k.written = time.Now()
	if len(list) > 1 && k.temporary {
		k.send(list[:1])
	}
	if len(list) > 0 {
		k.send(list)
	}
}

func (k *kernel6) send(list []autoconf.Prefix) {
	if err := k.write(autoconf.Advertisement(list, k.now())); err != nil {
		k.log.Debug("the kernel gets no advertisement", "error", err)
	}
}

// changed is told that addresses of the TAP have changed, for whatever reason, or that the machine was suspended.
func (k *kernel6) changed() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lookAgain()
	if k.wrong() {
		k.advertiseSoon()
	}
}

// lookAgain tells the client what has changed.
func (k *kernel6) lookAgain() {
	if k.look() {
		select {
		case k.remade <- struct{}{}:
		default:
		}
	}
}

// wrong reports whether an advertisement would change anything: an address is missing, or has other lifetimes
// than it should, as after NetworkManager has taken it over.
func (k *kernel6) wrong() bool {
	for _, p := range k.eligible() {
		a, ok := k.made(p.Net)
		if !ok || off(a.preferred, k.left(p.Preferred)) || a.valid < k.left(p.Valid) && off(a.valid, k.left(p.Valid)) || a.valid == forever6 && !p.Valid.IsZero() {
			return true
		}
	}
	return false
}

// off reports whether two lifetimes differ by more than rounding and delays explain, and by more than
// matters: a router that repeats itself every few seconds is no reason to wake up everybody who watches
// addresses.
func off(is, want time.Duration) bool {
	if is == forever6 || want == forever6 {
		return is != want
	}
	want = max(want, 0)
	return (is - want).Abs() > max(3*time.Second, want/10)
}

func (k *kernel6) advertiseSoon() {
	if k.again != nil {
		return
	}
	k.again = time.AfterFunc(max(0, advertPause-time.Since(k.written)), func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.again = nil
		k.lookAgain()
		if k.wrong() {
			k.advertise()
			k.lookAgain()
		}
	})
}

// left returns the time until t, in the sense of autoconf: zero means never.
func (k *kernel6) left(t time.Time) time.Duration {
	if t.IsZero() {
		return forever6
	}
	return t.Sub(k.now())
}
