// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"crypto/rand"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"network-manager-softether/dhcp/internal/packet"
)

// Options that this client reads (RFC 2132, 3397, 3442; 249 is Microsoft's 121, and 250 its way of continuing
// an option that is full).
const (
	optMask        = 1
	optRouter      = 3
	optDNS         = 6
	optDomain      = 15
	optMTU         = 26
	optClassful    = 33
	optNTP         = 42
	optWINS        = 44
	optLeaseTime   = 51
	optOverload    = 52
	optKind        = 53
	optServerID    = 54
	optT1          = 58
	optT2          = 59
	optClientID    = 61
	optFQDN        = 81
	optSearch      = 119
	optClassless   = 121
	optClasslessMS = 249
	optLong        = 250
)

// requested is the parameter request list. Classless routes must be asked for
// before the router (RFC 3442).
var requested = []byte{
	optMask, optClassless, optClasslessMS, optRouter, optDNS, optDomain, optSearch,
	optMTU, optClassful, optNTP, optWINS, optLeaseTime, optServerID, optT1, optT2,
}

// maxMessage is the longest IP packet accepted, option 57. Servers that stay within it need not spread
// options over other fields.
const maxMessage = 1500

// exchange is what a request and its retransmissions have in common.
type exchange struct {
	xid   dhcpv4.TransactionID
	began time.Time
}

func newExchange() exchange {
	x := exchange{began: time.Now()}
	rand.Read(x.xid[:]) // never fails (Go 1.24)
	return x
}

// request describes one message of the client.
type request struct {
	kind      dhcpv4.MessageType
	ciaddr    netip.Addr // the address in use; zero before there is one
	wanted    netip.Addr // option 50
	server    netip.Addr // option 54
	broadcast bool
}

// message builds the BOOTP message for r.
func (c *Client) message(x exchange, r request) []byte {
	m := &dhcpv4.DHCPv4{
		OpCode:        dhcpv4.OpcodeBootRequest,
		HWType:        iana.HWTypeEthernet,
		TransactionID: x.xid,
		NumSeconds:    uint16(min(time.Since(x.began)/time.Second, 0xffff)),
		ClientIPAddr:  net.IPv4zero,
		YourIPAddr:    net.IPv4zero,
		ServerIPAddr:  net.IPv4zero,
		GatewayIPAddr: net.IPv4zero,
		ClientHWAddr:  c.mac.HardwareAddr(),
		Options:       make(dhcpv4.Options),
	}
	if r.ciaddr.IsValid() {
		m.ClientIPAddr = r.ciaddr.AsSlice()
	}
	if r.broadcast {
		m.SetBroadcast()
	}
	m.UpdateOption(dhcpv4.OptMessageType(r.kind))
	m.UpdateOption(dhcpv4.OptClientIdentifier(c.id))
	// Neither asks for anything.
	farewell := r.kind == dhcpv4.MessageTypeDecline || r.kind == dhcpv4.MessageTypeRelease
	if !farewell {
		m.UpdateOption(dhcpv4.OptMaxMessageSize(maxMessage))
		m.Options[dhcpv4.OptionParameterRequestList.Code()] = requested
	}
	if r.wanted.IsValid() {
		m.UpdateOption(dhcpv4.OptRequestedIPAddress(r.wanted.AsSlice()))
	}
	if r.server.IsValid() {
		m.UpdateOption(dhcpv4.OptServerIdentifier(r.server.AsSlice()))
	}
	if farewell { // RFC 2131 table 5
		return m.ToBytes()
	}
	if c.fqdn != "" {
		m.Options[optFQDN] = fqdnOption(c.fqdn)
	} else if c.host != "" {
		m.UpdateOption(dhcpv4.OptHostName(c.host))
	}
	if c.kind != "" {
		m.UpdateOption(dhcpv4.OptClassIdentifier(c.kind))
	}
	return m.ToBytes()
}

// fqdnOption is option 81: the server should enter the name into DNS, and the name is in DNS wire format (RFC
// 4702 2.1, bits S and E).
func fqdnOption(name string) []byte {
	const serverUpdates, wireForm = 1, 4
	b := []byte{serverUpdates | wireForm, 0, 0}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	if strings.Contains(name, ".") {
		b = append(b, 0) // a complete name; otherwise the server completes it
	}
	return b
}

var (
	anyone   = netip.AddrFrom4([4]byte{})
	everyone = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)

// broadcast frames a message to every server.
func (c *Client) broadcast(src netip.Addr, message []byte) []byte {
	return c.frame(src, everyone, packet.Broadcast, message)
}

func (c *Client) frame(src, dst netip.Addr, to packet.MAC, message []byte) []byte {
	u := packet.UDP{
		SrcMAC:  c.mac,
		DstMAC:  to,
		Src:     netip.AddrPortFrom(src, clientPort),
		Dst:     netip.AddrPortFrom(dst, serverPort),
		Payload: message,
	}
	return u.Marshal()
}
