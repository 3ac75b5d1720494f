// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/dhcp/internal/porttest"
)

// kernel is a Maker that makes what the test says.
type kernel struct {
	told       chan []Prefix
	made       map[netip.Prefix]netip.Addr
	duplicates map[netip.Prefix]int
	taken      sync.Map // of addresses
	remade     chan struct{}
}

func newKernel() *kernel {
	return &kernel{told: make(chan []Prefix, 100), made: map[netip.Prefix]netip.Addr{}, duplicates: map[netip.Prefix]int{}, remade: make(chan struct{})}
}

func (k *kernel) Make(p []Prefix) { k.told <- p }

func (k *kernel) Made(p netip.Prefix) (netip.Addr, int) { return k.made[p], k.duplicates[p] }

func (k *kernel) Taken(a netip.Addr) bool { _, ok := k.taken.Load(a); return ok }

func (k *kernel) Remade() <-chan struct{} { return k.remade }

func (k *kernel) last(t *testing.T) (list []Prefix) {
	t.Helper()
	synctest.Wait()
	if len(k.told) == 0 {
		t.Fatal("the maker was told nothing")
	}
	for len(k.told) > 0 {
		list = <-k.told
	}
	return list
}

// preferred are the prefixes that new connections may use.
func preferred(list []Prefix) (nets []netip.Prefix) {
	for _, p := range list {
		if p.Preferred.IsZero() || time.Until(p.Preferred) > 0 {
			nets = append(nets, p.Net)
		}
	}
	return nets
}

func withKernel(t *testing.T) (*network, *Client, *kernel) {
	n := &network{t: t, port: porttest.New()}
	k := newKernel()
	return n, New(n.port, Config{MAC: clientMAC.HardwareAddr(), Maker: k}), k
}
