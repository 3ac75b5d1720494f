// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
)

// The answers of a SOCKS4 proxy (SOCKS: A protocol for TCP proxy across firewalls).
const (
	socks4Granted  = 90
	socks4Rejected = 91
	socks4NoIdent  = 92
	socks4BadIdent = 93
)

// errRejected is a SOCKS4 proxy's single answer for everything that did not work.
var errRejected = errors.New("rejected or failed")

// socks4 sends the name, and if the proxy cannot deal with names, the address.
func (p *Proxy) socks4(d *dialogue, host string, port uint16) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr = addr.Unmap(); !addr.Is4() {
			return fmt.Errorf("SOCKS4 cannot carry the IPv6 address %v: use a SOCKS5 or HTTP proxy", addr)
		}
		return d.hold(func() error { return p.socks4Request(d.conn, addr, "", port) })
	}
	err := d.hold(func() error { return p.socks4Request(d.conn, placeholder, host, port) })
	if !errors.Is(err, errRejected) || p.cfg.Resolver == nil {
		return err
	}
	addrs, lookup := p.cfg.Resolver.LookupNetIP(d.ctx, "ip4", host)
	if lookup != nil || len(addrs) == 0 {
		return err
	}
	if err := d.renew(); err != nil {
		return err
	}
	return d.hold(func() error { return p.socks4Request(d.conn, addrs[0].Unmap(), "", port) })
}

// placeholder is an impossible address that stands for "see the name" (SOCKS 4A).
var placeholder = netip.AddrFrom4([4]byte{0, 0, 0, 1})

func (p *Proxy) socks4Request(conn net.Conn, addr netip.Addr, name string, port uint16) error {
	req := []byte{4, 1}
	req = binary.BigEndian.AppendUint16(req, port)
	req = append(req, addr.AsSlice()...)
	req = append(append(req, p.cfg.User...), 0)
	if name != "" {
		req = append(append(req, name...), 0)
	}
	if _, err := conn.Write(req); err != nil {
		return err
	}
	return readSOCKS4(conn)
}

// readSOCKS4 reads the eight bytes of an answer.
func readSOCKS4(r io.Reader) error {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return err
	}
	if b[0] != 0 {
		return fmt.Errorf("it answered with version %d: is it a SOCKS4 proxy?", b[0])
	}
	switch b[1] {
	case socks4Granted:
		return nil
	case socks4Rejected:
		return noTarget("%w", errRejected)
	case socks4NoIdent, socks4BadIdent:
		return denied("it asked this computer's identd (answer %d)", b[1])
	}
	return fmt.Errorf("answer %d is unknown", b[1])
}
