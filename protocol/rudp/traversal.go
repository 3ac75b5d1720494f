// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// A Traversal finds servers behind NATs through a rendezvous server, which tells both sides to send to each
// other. The zero value asks the public servers of the SoftEther project, which thereby learn who connects to
// whom.
type Traversal struct {
	// Rendezvous replaces the public server.
	Rendezvous netip.AddrPort
	// Resolver looks the public server up; nil means [net.DefaultResolver].
	Resolver interface {
		LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	}
	// Hint distinguishes several servers behind one address: a host name or a private address. May be empty.
	Hint string
	// Host is the name the user typed. May be empty.
	Host string
	// Control prepares the sockets, as in [net.Dialer]. It may be nil.
	Control func(network, address string, c syscall.RawConn) error
}

// Dial connects to the server with this public address.
func (t *Traversal) Dial(ctx context.Context, server netip.Addr) (net.Conn, error) {
	server = server.Unmap()
	if !server.Is4() {
		return nil, fmt.Errorf("%w: %v", ErrNotIPv4, server)
	}
	rendezvous, err := t.rendezvous(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRendezvous, err)
	}
	config := net.ListenConfig{Control: t.Control}
	if t.Control != nil {
		// Control needs to know where the packets go, and a listening socket does not tell it.
		config.Control = func(network, _ string, c syscall.RawConn) error {
			return t.Control(network, netip.AddrPortFrom(server, 0).String(), c)
		}
	}
	socket, err := config.ListenPacket(ctx, "udp4", "0.0.0.0:0")
	if err != nil {
		return nil, err
	}
	conn := socket.(*net.UDPConn)
	where, plea, err := t.inquire(ctx, conn, rendezvous, server)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if where.sameLAN {
		// The path through the NAT would not lead back in.
		conn.Close()
		return dialUDP(ctx, t.Control, where.addr)
	}
	c, err := newPunched(conn, where.addr, plea, rendezvous)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return dial(ctx, c, false)
}

func (t *Traversal) rendezvous(ctx context.Context, server netip.Addr) (netip.AddrPort, error) {
	if t.Rendezvous.IsValid() {
		return t.Rendezvous, nil
	}
	r := t.Resolver
	if r == nil {
		r = net.DefaultResolver
	}
	host := RendezvousHost(server)
	list, err := r.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, a := range list {
		if a = a.Unmap(); a.Is4() {
			return netip.AddrPortFrom(a, rendezvousPort), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("%s has no IPv4 address", host)
}

// inquire conducts the dialogue, after which the NAT knows conn. It also returns the request that was
// answered.
func (t *Traversal) inquire(ctx context.Context, conn *net.UDPConn, rendezvous netip.AddrPort, server netip.Addr) (*meeting, []byte, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var id [8]byte
	rand.Read(id[:])
	q := &inquiry{target: server, hint: t.Hint, host: t.Host, id: binary.BigEndian.Uint64(id[:])}
	began := time.Now()
	buf := make([]byte, maxInquiry)
	var request []byte
	for ctx.Err() == nil {
		b, next, err := q.ask(time.Since(began))
		if err != nil {
			return nil, nil, err
		}
		if b != nil {
			request = b
			_, _ = conn.WriteToUDPAddrPort(b, rendezvous) // what cannot be sent is asked again until ctx ends
		}
		conn.SetReadDeadline(began.Add(next))
		if ctx.Err() != nil {
			break // ctx may have ended before the deadline was set
		}
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			return nil, nil, fmt.Errorf("%w: %w", ErrNoRendezvous, err)
		case from != rendezvous:
			continue
		}
		where, err := q.hear(buf[:n])
		if err != nil {
			return nil, nil, fmt.Errorf("%v: %w", server, err)
		}
		if where != nil {
			if !stop() {
				break
			}
			return where, request, nil
		}
	}
	return nil, nil, fmt.Errorf("%w: %v: %w", ErrNoRendezvous, rendezvous, ctx.Err())
}
