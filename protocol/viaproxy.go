// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"

	"network-manager-softether/protocol/proxy"
)

// With a proxy, everything that concerns addresses concerns the proxy's: they are looked up, raced, routed
// around the tunnel and connected to again. The server is only a text in the dialogue with the proxy, the
// target (softether-protocol.md 12).

// firstHop returns what a TCP connection is opened to: the proxy, or the server.
func (d *dialer) firstHop() (host string, port uint16) {
	if d.Proxy != nil {
		return d.hop, d.Proxy.Port()
	}
	return d.Host, d.Port
}

// targetText returns what a proxy is asked for: the server, or the member of its
// cluster that a redirect has named.
func (d *dialer) targetText() string {
	if d.member.IsValid() {
		return d.member.String()
	}
	return net.JoinHostPort(d.Host, strconv.Itoa(int(d.Port)))
}

// redirected makes next the server to connect to and returns the targets for it.
func (d *dialer) redirected(next netip.AddrPort, t targets) targets {
	d.member = next
	if d.Proxy != nil {
		return t
	}
	return targets{list: []netip.AddrPort{next}}
}

// serverPort returns the port of the server that a connection to addr leads to.
func (d *dialer) serverPort(addr netip.AddrPort) uint16 {
	switch {
	case d.Proxy == nil:
		return addr.Port()
	case d.member.IsValid():
		return d.member.Port()
	}
	return d.Port
}

// throughProxy turns raw, which leads to the first hop at addr, into a connection to the server. It closes
// raw if that fails.
func (d *dialer) throughProxy(ctx context.Context, raw net.Conn, addr netip.AddrPort) (net.Conn, error) {
	if d.Proxy == nil {
		return raw, nil
	}
	again := func(ctx context.Context) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, d.timing.connect)
		defer cancel()
		return d.Dialer.DialContext(ctx, "tcp", addr.String())
	}
	target := d.targetText()
	conn, err := d.Proxy.Connect(ctx, raw, again, target)
	if err != nil {
		return nil, opError(ctx, "proxy", addr.String(), err)
	}
	d.log.Debug("connected through the proxy", "proxy", addr, "target", target)
	return conn, nil
}

// viaProxy adds to an error on the way to the first hop that the first hop is a proxy.
func (d *dialer) viaProxy(err error) error {
	if d.Proxy == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return d.Proxy.Error(d.targetText(), err)
}

// proxyCode returns the error code for a failure of the proxy.
func proxyCode(e *proxy.Error) ErrorCode {
	switch e.Reason {
	case proxy.Unreachable:
		return CodeProxyUnreachable
	case proxy.Denied:
		return CodeProxyAuthFailed
	case proxy.NoTarget:
		return CodeConnectFailed
	}
	return CodeProxyError
}

// proxyRefused reports whether e is an answer that another address of the proxy, or of the server, would not
// change.
func proxyRefused(err error) bool {
	e, ok := errors.AsType[*proxy.Error](err)
	return ok && (e.Reason == proxy.Denied || e.Reason == proxy.NoTarget)
}
