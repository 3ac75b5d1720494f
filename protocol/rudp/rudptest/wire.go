// SPDX-License-Identifier: Apache-2.0

package rudptest

import (
	"net"
	"net/netip"
	"os"

	"network-manager-softether/protocol/rudp/internal/dnswire"
	"network-manager-softether/protocol/rudp/internal/icmpwire"
)

// udpWire carries datagrams over UDP, as they are or in DNS messages.
type udpWire struct {
	conn *net.UDPConn
	dns  bool
}

func newUDPWire(dns bool) (*udpWire, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	return &udpWire{c, dns}, err
}

func (w *udpWire) receive(b []byte) ([]byte, client, uint16, error) {
	n, from, err := w.conn.ReadFromUDPAddrPort(b)
	if err != nil || !w.dns {
		return b[:n], client{addr: from}, 0, err
	}
	id, d, _ := dnswire.Query(b[:n])
	return d, client{addr: from}, id, nil
}

func (w *udpWire) send(d []byte, to client, id uint16) error {
	if w.dns {
		b := append(make([]byte, dnswire.AnswerLen), d...)
		dnswire.PutAnswer(b, id, [4]byte{0xab, 0xcd, 0xef, 0x12}, 43200)
		d = b
	}
	_, err := w.conn.WriteToUDPAddrPort(d, to.addr)
	return err
}

func (w *udpWire) addr() net.Addr { return w.conn.LocalAddr() }
func (w *udpWire) close() error   { return w.conn.Close() }

// icmpWire carries datagrams in ICMP messages.
type icmpWire struct{ conn *net.IPConn }

// newICMPWire listens on a loopback address that no other process has: it hears all
// messages to its address, and they have no ports.
func newICMPWire() (*icmpWire, error) {
	pid := os.Getpid() // 22 bits at most
	c, err := net.ListenIP("ip4:icmp", &net.IPAddr{IP: net.IPv4(127, 64+byte(pid>>16)&0x3f, byte(pid>>8), byte(pid))})
	return &icmpWire{c}, err
}

func (w *icmpWire) receive(b []byte) ([]byte, client, uint16, error) {
	n, from, err := w.conn.ReadFromIP(b[20:])
	if err != nil {
		return nil, client{}, 0, err
	}
	b[0] = 0x45 // ReadFromIP has cut the header off; the parser wants one
	kind, flow, d, ok := icmpwire.Parse(b[:20+n])
	if !ok || kind != icmpwire.InfoRequest && kind != icmpwire.EchoReply {
		return nil, client{}, 0, nil
	}
	addr, _ := netip.AddrFromSlice(from.IP.To4())
	return d, client{netip.AddrPortFrom(addr, 0), flow}, uint16(kind), nil
}

func (w *icmpWire) send(d []byte, to client, kind uint16) error {
	if kind == icmpwire.InfoRequest {
		kind = icmpwire.InfoReply
	}
	b := append(make([]byte, icmpwire.HeadLen), d...)
	icmpwire.Put(b, uint8(kind), to.flow)
	_, err := w.conn.WriteToIP(b, &net.IPAddr{IP: to.addr.Addr().AsSlice()})
	return err
}

func (w *icmpWire) addr() net.Addr { return w.conn.LocalAddr() }
func (w *icmpWire) close() error   { return w.conn.Close() }
