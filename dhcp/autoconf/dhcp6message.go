// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"network-manager-softether/dhcp/internal/domain"
	"network-manager-softether/dhcp/internal/packet"
)

// Options with which servers bound their clients' patience; asking for them is mandatory (RFC 8415 21.24,
// 21.25), but obeying them makes no difference here.
const (
	optSolMaxRT = dhcpv6.OptionCode(82)
	optInfMaxRT = dhcpv6.OptionCode(83)
)

// allServers is All_DHCP_Relay_Agents_and_Servers (RFC 8415 7.1).
var allServers = netip.MustParseAddr("ff02::1:2")

// identity is how DHCPv6 servers know this client: a DUID-LL, unless the profile has a DUID of its own, and
// an IAID, both derived from the MAC unless given, so that they last as long as the profile.
type identity struct {
	mac  packet.MAC
	duid []byte
	iaid [4]byte
}

func newIdentity(mac packet.MAC, duid []byte, iaid *uint32) identity {
	if duid == nil {
		ll := dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: mac.HardwareAddr()}
		duid = ll.ToBytes()
	}
	id := identity{mac: mac, duid: duid, iaid: [4]byte(mac[2:])}
	if iaid != nil {
		binary.BigEndian.PutUint32(id.iaid[:], *iaid)
	}
	return id
}

// message6 builds a message from the client.
func (id identity) message6(kind dhcpv6.MessageType, xid [3]byte, elapsed time.Duration, server []byte, addrs []netip.Addr) []byte {
	m := dhcpv6.Message{MessageType: kind, TransactionID: xid}
	m.AddOption(raw(dhcpv6.OptionClientID, id.duid))
	if server != nil {
		m.AddOption(raw(dhcpv6.OptionServerID, server))
	}
	m.AddOption(dhcpv6.OptElapsedTime(min(elapsed, 0xffff*10*time.Millisecond)))
	asked := dhcpv6.OptionCodes{dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionDomainSearchList}
	switch kind {
	case dhcpv6.MessageTypeInformationRequest:
		asked = append(asked, dhcpv6.OptionInformationRefreshTime, optInfMaxRT)
	default:
		ia := &dhcpv6.OptIANA{IaId: id.iaid}
		for _, a := range addrs {
			ia.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: net.IP(a.AsSlice())})
		}
		m.AddOption(ia)
		asked = append(asked, optSolMaxRT)
	}
	if kind != dhcpv6.MessageTypeDecline {
		m.AddOption(dhcpv6.OptRequestedOption(asked...))
	}
	if kind == dhcpv6.MessageTypeSolicit {
		m.AddOption(raw(dhcpv6.OptionRapidCommit, nil))
	}
	u := packet.UDP{
		SrcMAC:  id.mac,
		DstMAC:  packet.MulticastMAC(allServers),
		Src:     netip.AddrPortFrom(packet.LinkLocal(id.mac), clientPort),
		Dst:     netip.AddrPortFrom(allServers, serverPort),
		Payload: m.ToBytes(),
	}
	return u.Marshal()
}

func raw(code dhcpv6.OptionCode, b []byte) dhcpv6.Option {
	return &dhcpv6.OptionGeneric{OptionCode: code, OptionData: b}
}

// reply6 is a message from a DHCPv6 server to this client.
type reply6 struct {
	kind    dhcpv6.MessageType // ADVERTISE or REPLY
	xid     [3]byte
	server  []byte // DUID
	mac     packet.MAC
	rapid   bool
	status  iana.StatusCode // of the whole message
	grant   *grant          // nil: no IA_NA of ours, or one that violates the protocol
	dns     []netip.Addr
	domains []string
	refresh time.Duration // option 32; 0: not given
}

// from returns who sent it.
func (r *reply6) from() server6 { return server6{string(r.server), r.mac} }

// grant is an IA_NA.
type grant struct {
	status iana.StatusCode
	t1, t2 time.Duration // 0: left to the client
	addrs  []granted
}

type granted struct {
	addr             netip.Addr
	valid, preferred time.Duration
}

// parseReply6 parses frame. It reports false for everything but an ADVERTISE or REPLY to this client by a
// server that names itself.
func (id identity) parseReply6(frame []byte) (*reply6, bool) {
	u, ok := packet.ParseUDP(frame)
	if !ok || u.Dst.Port() != clientPort || !u.Dst.Addr().Is6() || len(u.Payload) < 4 {
		return nil, false
	}
	r := &reply6{kind: dhcpv6.MessageType(u.Payload[0]), xid: [3]byte(u.Payload[1:4]), mac: u.SrcMAC}
	if r.kind != dhcpv6.MessageTypeAdvertise && r.kind != dhcpv6.MessageTypeReply {
		return nil, false
	}
	var opts dhcpv6.MessageOptions
	if opts.FromBytesWithParser(u.Payload[4:], parseOption6) != nil {
		return nil, false
	}
	client := generic(opts.Options, dhcpv6.OptionClientID)
	r.server = generic(opts.Options, dhcpv6.OptionServerID)
	if !bytes.Equal(client, id.duid) || len(r.server) == 0 || len(r.server) > 130 { // RFC 8415 11.1
		return nil, false
	}
	r.rapid = opts.GetOne(dhcpv6.OptionRapidCommit) != nil
	if s := opts.Status(); s != nil {
		r.status = s.StatusCode
	}
	for _, o := range opts.Get(dhcpv6.OptionIANA) {
		if ia, ok := o.(*dhcpv6.OptIANA); ok && ia.IaId == id.iaid {
			r.grant = grantOf(ia)
			break
		}
	}
	for _, ip := range opts.DNS() {
		if a, _ := netip.AddrFromSlice(ip); usableDNS(a) && len(r.dns) < maxDNS {
			r.dns = append(r.dns, a)
		}
	}
	// Compression is forbidden here (RFC 8415 10). Names before any damage count.
	r.domains, _, _ = domain.ParseList(generic(opts.Options, dhcpv6.OptionDomainSearchList), false)
	if b := generic(opts.Options, dhcpv6.OptionInformationRefreshTime); len(b) == 4 {
		r.refresh = lifetime(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
	}
	return r, true
}

// parseOption6 uses the codec for the options that it decodes well; an option that is damaged or not ours
// stays raw, so that it only spoils itself.
func parseOption6(code dhcpv6.OptionCode, b []byte) (dhcpv6.Option, error) {
	switch code {
	case dhcpv6.OptionIANA, dhcpv6.OptionStatusCode, dhcpv6.OptionDNSRecursiveNameServer:
		if o, err := dhcpv6.ParseOption(code, b); err == nil {
			return o, nil
		}
	}
	return raw(code, b), nil
}

// generic returns the bytes of the first option with that code; nil if there is none.
func generic(opts dhcpv6.Options, code dhcpv6.OptionCode) []byte {
	if o, ok := opts.GetOne(code).(*dhcpv6.OptionGeneric); ok {
		return o.OptionData
	}
	return nil
}

// grantOf checks an IA_NA under RFC 8415 21.4 and 21.6; nil if it must be ignored.
func grantOf(ia *dhcpv6.OptIANA) *grant {
	g := &grant{t1: lifetime(uint32(ia.T1 / time.Second)), t2: lifetime(uint32(ia.T2 / time.Second))}
	if g.t1 > g.t2 && g.t2 > 0 {
		return nil
	}
	if s := ia.Options.Status(); s != nil {
		g.status = s.StatusCode
	}
	for _, o := range ia.Options.Get(dhcpv6.OptionIAAddr) {
		a, ok := o.(*dhcpv6.OptIAAddress)
		if !ok || len(g.addrs) == maxAddrs {
			continue
		}
		addr, _ := netip.AddrFromSlice(a.IPv6Addr)
		n := granted{addr, lifetime(uint32(a.ValidLifetime / time.Second)), lifetime(uint32(a.PreferredLifetime / time.Second))}
		if usableHost(addr) && n.preferred <= n.valid && n.valid > 0 {
			g.addrs = append(g.addrs, n)
		}
	}
	return g
}
