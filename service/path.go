// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"network-manager-softether/protocol"
	"network-manager-softether/protocol/rudp"
)

// serverPath is the way to the server outside the tunnel. Once a tunnel is up, the
// default route may lead into it, and so may the name servers: a lost connection is
// looked for with the addresses and the device that worked before.
type serverPath struct {
	log      *slog.Logger
	resolver *protocol.CachingResolver
	device   atomic.Pointer[string] // base device, nil until learned

	mu    sync.Mutex
	other *rudp.Dialer // for another transport than tcp; nil until there is a need
}

func newServerPath(log *slog.Logger) *serverPath {
	return &serverPath{log: log, resolver: protocol.NewCachingResolver(nil)}
}

// learn remembers the device behind which the server was reached. It has to be called
// before NetworkManager hears of the tunnel.
func (p *serverPath) learn(server netip.Addr) {
	routes, err := netlink.RouteGet(server.AsSlice())
	if err != nil || len(routes) == 0 {
		p.log.Debug("route to the server not found", "server", server.String(), "error", err)
		return
	}
	link, err := netlink.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		p.log.Debug("device of the route to the server not found", "error", err)
		return
	}
	name := link.Attrs().Name
	p.device.Store(&name)
	p.log.Debug("base device", "device", name, "server", server.String())
}

// DialContext binds the socket to the base device, if it is known and still there.
func (p *serverPath) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1, Control: p.bind} // the protocol has keep-alives of its own
	return d.DialContext(ctx, network, address)
}

// bind binds a socket to the base device, if it is known and still there.
func (p *serverPath) bind(_, _ string, raw syscall.RawConn) error {
	name := p.device.Load()
	if name == nil {
		return nil
	}
	var err error
	if cerr := raw.Control(func(fd uintptr) { err = unix.BindToDevice(int(fd), *name) }); cerr != nil {
		return cerr
	}
	switch {
	case errors.Is(err, unix.ENODEV):
		p.log.Warn("the device the server was reached through is gone", "device", *name)
		return nil
	case errors.Is(err, unix.EPERM):
		// Kernels before 5.7 want CAP_NET_RAW, which is given up by then. The host route
		// to the server leads out of the tunnel as well, for the address it had.
		p.log.Debug("this kernel does not let a socket be bound to a device without rights")
		return nil
	}
	return err
}
