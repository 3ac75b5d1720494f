// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"network-manager-softether/dhcp/internal/pace"
	"network-manager-softether/dhcp/internal/packet"
)

// A Port is the client's connection to the network. Frames are whole Ethernet frames without FCS. Send must
// not keep its argument; slices from Frames belong to the receiver. A closed channel means that the port is
// gone.
type Port interface {
	Send(frame []byte) error
	Frames() <-chan []byte
}

// Config describes the client.
type Config struct {
	MAC      net.HardwareAddr // 6 bytes; must stay the same if the address should
	ClientID []byte           // option 61 with its type byte; nil: type 1 and the MAC
	Hostname string           // option 12; empty: not sent
	FQDN     string           // option 81 (RFC 4702), sent in place of 12; empty: not sent
	Logger   *slog.Logger     // nil: silence

	VendorClass string         // option 60; empty: not sent
	Reject      []netip.Prefix // servers to ignore
	// Probe is how long to look for another host with a leased address before it is used. 0: it is used at
	// once, and given back if another host answers within the next moment.
	Probe time.Duration

	// Mine recognises the other interfaces of this computer; may be nil. If one of them is on the same
	// network, Linux answers probes there for the addresses of all its interfaces.
	Mine func(net.HardwareAddr) bool

	// NoDefault says that no default route is wanted, so that an unusable router does not spoil a lease.
	NoDefault bool
}

// A Client asks for leases. Its methods are for one goroutine at a time.
type Client struct {
	port Port
	mac  packet.MAC
	id   []byte
	host string
	fqdn string
	kind string // option 60, the vendor class
	log  *slog.Logger
	err  error // of the configuration, reported by the first call

	noDefault bool
	reject    []netip.Prefix

	mine func(net.HardwareAddr) bool

	ignored pace.Seldom // limits the logging of ignored answers
	probe   probe
	patient time.Duration // see Config.Probe
}

// New returns a client on port. An invalid configuration is reported by Acquire and Maintain.
func New(port Port, cfg Config) *Client {
	c := &Client{
		port: port, id: bytes.Clone(cfg.ClientID), host: cfg.Hostname, fqdn: cfg.FQDN, kind: cfg.VendorClass, log: cfg.Logger,
		noDefault: cfg.NoDefault, reject: cfg.Reject, patient: cfg.Probe, mine: cfg.Mine,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.MAC) != len(c.mac) {
		c.err = fmt.Errorf("dhcp: MAC address %q has %d bytes, not 6", cfg.MAC, len(cfg.MAC))
		return c
	}
	copy(c.mac[:], cfg.MAC)
	if c.id == nil {
		c.id = append([]byte{hardwareEthernet}, c.mac[:]...)
	}
	// RFC 2132 9.14: at least 2 bytes; an option holds 255.
	if len(c.id) < 2 || len(c.id) > 255 {
		c.err = fmt.Errorf("dhcp: client identifier has %d bytes, must be 2 to 255", len(c.id))
	}
	if len(c.host) > 255 || len(c.fqdn) > 250 || len(c.kind) > 255 {
		c.err = errors.New("dhcp: host name or vendor class is longer than an option")
	}
	return c
}

// Ports of DHCP (RFC 2131 4.1) and offsets in a BOOTP message.
const (
	clientPort = 68
	serverPort = 67

	hardwareEthernet = 1

	chaddrOffset = 28 // in the BOOTP message
)

// Match returns a filter for the frames that a client with that MAC wants: DHCP answers that carry its
// hardware address, sent to it or to everyone, and answers to its ARP probes. The filter neither allocates
// nor verifies checksums; it is safe for concurrent use.
func Match(mac net.HardwareAddr) func(frame []byte) bool {
	if len(mac) != 6 {
		return func([]byte) bool { return false }
	}
	own := packet.MAC(mac)
	return func(f []byte) bool {
		if a, ok := packet.ParseARP(f); ok {
			return a.ToProbe && packet.MAC(f[:6]) == own
		}
		const ip, bootp = 14, 14 + 20 + 8
		if len(f) < bootp+chaddrOffset+6 || f[12] != 0x08 || f[13] != 0x00 || f[ip+9] != 17 {
			return false
		}
		if dst := packet.MAC(f[:6]); dst != own && dst != packet.Broadcast {
			return false
		}
		udp := ip + int(f[ip]&0x0f)*4
		if len(f) < udp+8+chaddrOffset+6 || binary.BigEndian.Uint16(f[udp+2:]) != clientPort {
			return false
		}
		return packet.MAC(f[udp+8+chaddrOffset:udp+8+chaddrOffset+6]) == own
	}
}

// ignoredPause is the least time between two warnings about ignored answers: any host that hears our
// broadcasts can send as many as it likes.
const ignoredPause = time.Second

// warnIgnored logs why an answer was ignored, unless it has just done so for another.
func (c *Client) warnIgnored(why string, attrs ...any) {
	if c.ignored.Due(time.Now(), ignoredPause) {
		c.log.Warn(why, attrs...)
	}
}
