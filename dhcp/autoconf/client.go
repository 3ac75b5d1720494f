// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/internal/packet"
)

// Port is the client's connection to the network.
type Port = dhcp.Port

// Route is a route as in package dhcp; Via is a router's link-local address.
type Route = dhcp.Route

// Config describes the client.
type Config struct {
	MAC    net.HardwareAddr // 6 bytes; addresses and the DHCPv6 identity are derived from it
	Logger *slog.Logger     // nil: silence

	DUID     []byte  // of DHCPv6; nil: from the MAC
	IAID     *uint32 // of DHCPv6; nil: from the MAC
	Token    [8]byte // interface identifier of every address; zero: not given
	StableID []byte  // the key for identifiers that differ by prefix (RFC 7217); nil: from the MAC
	Maker    Maker   // forms the addresses in prefixes; nil: the client does
}

var (
	// ErrNoRouter means that no router advertised itself.
	ErrNoRouter = errors.New("no IPv6 router answered; SecureNAT is IPv4 only, and the hub's policy may filter router advertisements")
	// ErrNoAddress means that a router answered, but neither it nor DHCPv6 gave an address.
	ErrNoAddress = errors.New("an IPv6 router answered, but gave no usable prefix, and no DHCPv6 server gave an address")
)

// A Client configures one host. Its methods are for one goroutine at a time.
type Client struct {
	port Port
	mac  packet.MAC
	ids  identifiers
	duid []byte
	iaid *uint32
	log  *slog.Logger
	err  error // of the configuration

	host    host
	dhcp    dhcp6
	solicit solicitor

	maker  Maker
	told   []Prefix     // what the maker was last told
	chosen netip.Prefix // whose address was reported as Config6.Addr last; zero: one of DHCPv6
}

// New returns a client on port. An invalid configuration is reported by Acquire and Maintain.
func New(port Port, cfg Config) *Client {
	c := &Client{port: port, duid: cfg.DUID, iaid: cfg.IAID, log: cfg.Logger, maker: cfg.Maker}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.MAC) != len(c.mac) {
		c.err = fmt.Errorf("autoconf: MAC address %q has %d bytes, not 6", cfg.MAC, len(cfg.MAC))
	}
	copy(c.mac[:], cfg.MAC)
	c.ids = identifiers{mac: c.mac, token: cfg.Token, key: cfg.StableID}
	c.forget()
	return c
}

// forget drops what was learned, except for the addresses to ask DHCPv6 for again.
func (c *Client) forget() {
	c.host = newHost(c.log)
	c.dhcp = newDHCP6(newIdentity(c.mac, c.duid, c.iaid), c.log, c.dhcp.addrs())
	c.solicit = solicitor{}
}

// Match returns a filter for the frames that a client with that MAC wants: router advertisements and DHCPv6
// answers, sent to it or to a group. The filter neither allocates nor verifies anything; it is safe for
// concurrent use. Neighbour solicitations are left to the kernel.
func Match(mac net.HardwareAddr) func(frame []byte) bool {
	if len(mac) != 6 {
		return func([]byte) bool { return false }
	}
	own := packet.MAC(mac)
	return func(f []byte) bool {
		const ip, body = 14, 14 + 40
		if len(f) < body+8 || f[12] != 0x86 || f[13] != 0xdd {
			return false
		}
		if dst := packet.MAC(f[:6]); dst != own && !dst.Group() {
			return false
		}
		switch f[ip+6] {
		case protoICMPv6:
			return f[body] == typeAdvertisement
		case protoUDP:
			return f[body+2] == clientPort>>8 && f[body+3] == clientPort&0xff
		}
		return false
	}
}

const (
	protoUDP    = 17
	protoICMPv6 = 58

	clientPort = 546
	serverPort = 547
)
