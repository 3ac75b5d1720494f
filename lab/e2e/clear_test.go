// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab"
	"network-manager-softether/lab/plan"
	"network-manager-softether/protocol/rudp"
)

// clear watches the bases for packets that leave the desktop in clear.
type clear struct {
	w        *world
	captures map[string]*capture // by device
}

// watchesBases begins to count.
func (w *world) watchesBases() *clear {
	w.t.Helper()
	c := &clear{w: w, captures: map[string]*capture{}}
	for _, b := range append(plan.Bases[:], plan.SlowBase) {
		if _, err := w.Desktop.Net.LinkByName(b.Device); err == nil {
			c.captures[b.Device] = captureOn(w.t, w.Desktop.Host, b.Device)
		}
	}
	return c
}

// left returns what has left for others than the VPN server, one line for each kind. What hosts on a link say to each
// other to find one another (ARP, neighbour discovery, multicast listener reports, DHCP) does not count, and neither do
// frames that one of but accepts.
func (c *clear) left(but ...func(frame []byte) bool) map[string]int {
	c.w.t.Helper()
	var read sync.WaitGroup
	for _, capture := range c.captures {
		read.Go(capture.readOn)
	}
	read.Wait()
	kinds := map[string]int{}
	for device, capture := range c.captures {
		for _, p := range capture.taken() {
			if !p.outgoing || slices.ContainsFunc(but, func(ok func([]byte) bool) bool { return ok(p.data) }) {
				continue
			}
			if what := lab.InClear(p.data); what != "" {
				kinds[device+": "+what]++
			}
		}
	}
	return kinds
}

// none fails the test if anything has left.
func (c *clear) none() {
	c.w.t.Helper()
	for what, n := range c.left() {
		c.w.t.Errorf("%d packets left in clear: %s", n, what)
	}
}

// some fails the test unless something went to addr: a test that sees nothing where there must be something would
// never see anything.
func (c *clear) some(addr netip.Addr) {
	c.w.t.Helper()
	left := c.left()
	for what := range left {
		if strings.Contains(what, "to "+addr.String()+",") {
			return
		}
	}
	c.w.t.Errorf("nothing left for %v, which had to; seen: %v", addr, left)
}

// movingName is the VPN server's in TestTheServersNameMoves.
const movingName = "moving.lab.test"

// Where it leads in the end.
var (
	movedTo  = netip.MustParseAddr("203.0.113.11")
	movedTo6 = netip.MustParseAddr("2001:db8:113::11")
)

// findsServer reports whether a frame asks a name server for the VPN server's name, or for the rendezvous server's, or is for an address to which the
// server has moved.
func findsServer(f []byte) bool {
	l3, l4, proto, fragment, err := lab.Layers(f)
	if err != nil {
		return false
	}
	var to netip.Addr
	if f[l3]>>4 == 4 {
		to = netip.AddrFrom4([4]byte(f[l3+16 : l3+20]))
	} else {
		to = netip.AddrFrom16([16]byte(f[l3+24 : l3+40]))
	}
	if to == movedTo || to == movedTo6 {
		return true
	}
	if fragment || proto != unix.IPPROTO_UDP || len(f) < l4+8 || binary.BigEndian.Uint16(f[l4+2:]) != 53 {
		return false
	}
	var p dnsmessage.Parser
	if _, err := p.Start(f[l4+8:]); err != nil {
		return false
	}
	q, err := p.Question()
	return err == nil && slices.Contains([]string{plan.ServerName, plan.ServerName4, plan.ServerName6, movingName, strings.TrimSuffix(rudp.RendezvousHost(plan.ServerAddr), ".")},
		strings.TrimSuffix(q.Name.String(), "."))
}

// Addresses on the Internet that nobody in the office has.
var (
	elsewhere4 = netip.MustParseAddr("192.0.2.77")
	elsewhere6 = netip.MustParseAddr("2001:db8:77::77")
)

// sends tries to reach addr as programs do: a connection and a datagram. Whether anything answers does not matter.
func (w *world) sends(addrs ...netip.Addr) {
	w.t.Helper()
	for _, a := range addrs {
		ctx, cancel := context.WithTimeout(w.ctx, 500*time.Millisecond)
		if c, err := w.Desktop.DialContext(ctx, "tcp", netip.AddrPortFrom(a, 443).String()); err == nil {
			c.Close()
		}
		cancel()
		if c, err := w.Desktop.DialContext(w.ctx, "udp", netip.AddrPortFrom(a, 53).String()); err == nil {
			_, _ = c.Write([]byte("hello"))
			c.Close()
		}
	}
}

// whispers sends each of addrs a datagram, and waits for nothing.
func (w *world) whispers(addrs ...netip.Addr) {
	for _, a := range addrs {
		if c, err := w.Desktop.DialContext(w.ctx, "udp", netip.AddrPortFrom(a, 9).String()); err == nil {
			_, _ = c.Write([]byte("private"))
			c.Close()
		}
	}
}

// keepsWhispering whispers to addrs until the returned function is called.
func (w *world) keepsWhispering(addrs ...netip.Addr) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			w.whispers(addrs...)
			select {
			case <-end:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() {
		close(end)
		<-done
	}
}
