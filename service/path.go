// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol"
	"network-manager-softether/protocol/rudp"
)

// serverPath is the route to the server outside the tunnel. Every socket is bound to an interface before its
// first packet: at first to the one that the kernel's routes lead to, later to the base, as the default
// route, or one to the server's own network, may lead into the tunnel by then. Its methods may be called from
// any goroutine.
type serverPath struct {
	log      *slog.Logger
	resolver *protocol.CachingResolver
	kernel   func(to netip.Addr) (way, error) // kernelWay
	roomy    roomySockets
	knocks   knocks

	mu     sync.Mutex
	other  *rudp.Dialer  // for other transports than tcp; nil until it is needed
	at     standing      // where the sockets are; base.name is empty until learned
	begun  way           // by which the last TCP connection went out before that
	ground terrain       // as it is now; empty: not known
	change chan struct{} // closed when there is a base again
}

// newServerPath returns a path that knows nothing yet. nameServers returns those of an interface; nil if they
// cannot be known.
func newServerPath(log *slog.Logger, nameServers func(context.Context, string) ([]netip.Addr, error)) *serverPath {
	p := &serverPath{log: log, kernel: kernelWay, change: make(chan struct{})}
	p.resolver = protocol.NewCachingResolver(&baseNames{path: p, servers: nameServers, system: net.DefaultResolver, dial: p.bound})
	return p
}

// learn records the base over which the server was reached. It must be called before NetworkManager hears of
// the tunnel. With roam, other interfaces may be used later.
func (p *serverPath) learn(server netip.Addr, t terrain, roam bool) {
	w, err := p.kernel(server)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun.name != "" && (err != nil || w.index != p.begun.index && slices.Contains(t.nics[p.begun.index].addrs, p.at.local)) {
		// The routes have changed since. What becomes of the session is decided from where it is.
		w, err = p.begun, nil
	}
	if err != nil {
		p.log.Debug("route to the server not found", "server", server.String(), "error", err)
		return
	}
	// A server behind another VPN is not looked for outside that VPN.
	p.at.base, p.at.roam = base{index: w.index, name: w.name}, roam && !t.nics[w.index].tunnel
	if b, ok := t.boundRoute(w.index, server); ok {
		p.at.base = b
	}
	p.at.policy = w.table != unix.RT_TABLE_MAIN
	p.log.Debug("base", "base", p.at.base.String(), "server", server.String(), "by-policy", p.at.policy)
}

// standing returns where the sockets are, false before learn.
func (p *serverPath) standing() (standing, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at, p.at.base.name != ""
}

// setTerrain records the terrain as it is now.
func (p *serverPath) setTerrain(t terrain) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ground = t
}

// nowhere reports whether the base has no route to an address: a bound socket would then look for it on the
// link, for as long as it may wait.
func (p *serverPath) nowhere(address string) bool {
	to, err := netip.ParseAddrPort(address)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || len(p.ground.nics) == 0 || p.at.base.name == "" || p.at.policy || !p.at.roam {
		return false
	}
	_, ok := p.ground.baseOn(p.at.base.name, to.Addr().Unmap())
	return !ok
}

// use makes b the base.
func (p *serverPath) use(b base) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.lost != "" {
		close(p.change)
		p.change = make(chan struct{})
	}
	p.at.base, p.at.local, p.at.lost = b, netip.Addr{}, ""
}

// back makes the base again what it was before use.
func (p *serverPath) back(at standing) {
	p.use(at.base)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at.local = at.local
}

// reroute makes b the base, which is the former one but for its router.
func (p *serverPath) reroute(b base) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at.base = b
}

// lose makes dials wait until there is a base again.
func (p *serverPath) lose(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at.lost = why
}

// await returns when there is a base, or when ctx ends.
func (p *serverPath) await(ctx context.Context) error {
	for {
		p.mu.Lock()
		lost, change := p.at.lost, p.change
		p.mu.Unlock()
		if lost == "" {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return &net.OpError{Op: "dial", Err: errors.Join(errNoBase, ctx.Err())}
		}
	}
}

// errNoBase is why nothing is dialled.
var errNoBase = errors.New("there is no network connection below the VPN")

// DialContext binds the socket to the base device.
func (p *serverPath) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := p.await(ctx); err != nil {
		return nil, err
	}
	if p.nowhere(address) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: unix.ENETUNREACH}
	}
	if network == "udp" {
		if conn, ok := p.roomy.dial(ctx, address, p.bind); ok {
			return conn, nil
		}
	}
	answered := func(bool) {}
	if _, known := p.standing(); known && network == "tcp" {
		ctx, answered = p.knocks.bound(ctx)
	}
	d := net.Dialer{KeepAlive: -1, Control: p.bind} // the protocol has keep-alives of its own
	conn, err := d.DialContext(ctx, network, address)
	answered(err == nil)
	if tcp, ok := conn.(*net.TCPConn); ok {
		local := tcp.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap().WithZone("")
		p.mu.Lock()
		p.at.local = local
		p.mu.Unlock()
	}
	return conn, err
}

// bind binds a socket to the base device or, before there is one, to the device that the kernel would use for
// address. A raw socket, which serves all later bases as well, is only told where to send.
func (p *serverPath) bind(network, address string, raw syscall.RawConn) error {
	at, known := p.standing()
	index, name := at.base.index, at.base.name
	if !known {
		to, err := netip.ParseAddr(address)
		if a, perr := netip.ParseAddrPort(address); perr == nil {
			to, err = a.Addr(), nil
		}
		if err != nil || to.IsLoopback() || to.IsUnspecified() {
			return nil
		}
		w, err := p.kernel(to.Unmap())
		if err != nil {
			return nil // connecting reports it in the user's terms
		}
		if strings.HasPrefix(network, "tcp") {
			p.mu.Lock()
			p.begun = w
			p.mu.Unlock()
		}
		index, name = w.index, w.name
	}
	var err error
	set := func(fd uintptr) { err = unix.BindToDevice(int(fd), name) }
	if network == "ip4:icmp" {
		set = func(fd uintptr) { err = sendBy(int(fd), index) }
	}
	if cerr := raw.Control(set); cerr != nil {
		return cerr
	}
	switch {
	case (errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EADDRNOTAVAIL)) && !at.roam:
		p.log.Warn("the device the server was reached through is gone", "device", name)
		return nil
	case errors.Is(err, unix.EPERM):
		// Kernels before 5.7 require CAP_NET_RAW, which has been given up by then. The host route to the
		// server leads out of the tunnel as well, for the address it had.
		p.log.Debug("this kernel binds sockets to devices for root only")
		return nil
	}
	return err
}

// sendBy makes an IPv4 socket send through an interface, without any privilege and any number of times.
func sendBy(fd, index int) error {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(index))
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_UNICAST_IF, int(int32(binary.NativeEndian.Uint32(b[:]))))
}
