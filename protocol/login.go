// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"math/bits"
	"net"
	"net/netip"
	"strings"

	"network-manager-softether/internal/sha0"
	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/rudp/bulk"
)

// Values of "authtype" (softether-protocol.md 6.2).
const (
	authAnonymous = 0
	authPassword  = 1
	authPlain     = 2
	authCert      = 3
	authTicket    = 99
)

// ticket is what a cluster controller hands out for one login at a member.
type ticket struct{ value []byte }

func (ticket) authName() string { return "ticket" }

// loginPack returns the login for the connection c (softether-protocol.md 6).
func (s *settings) loginPack(c *control) (*pack.Pack, error) {
	p := new(pack.Pack)
	p.AddStr("method", "login")
	p.AddStr("hubname", s.Hub)
	p.AddStr("username", s.User)
	if err := s.addAuth(p, &c.hello.random); err != nil {
		return nil, err
	}
	s.addIdentity(p)
	p.AddStr("hello", s.Product)
	p.AddInt("version", s.Version)
	p.AddInt("build", s.Build)
	p.AddInt("protocol", 0)
	p.AddInt("client_id", 0)
	n := s.connections()
	p.AddInt("max_connection", uint32(n))
	p.AddBool("use_encrypt", true)
	p.AddBool("use_compress", s.Compression)
	p.AddBool("half_connection", s.wantsHalf())
	p.AddBool("qos", s.wantsQoS())
	p.AddBool("require_bridge_routing_mode", s.BridgeMode)
	p.AddBool("require_monitor_mode", s.MonitorMode)
	if c.udp != nil {
		c.udp.AddTo(p)
	}
	if c.datagrams() != nil {
		p.AddBool("support_udp_recovery", true) // else the session would end with its connection
	}
	if c.bulk {
		bulk.Offer(p)
	}
	s.addNodeInfo(p, c)
	return p, nil
}

// attachPack returns the request to join a living session (softether-protocol.md 8.1).
func (s *settings) attachPack(key []byte) *pack.Pack {
	p := new(pack.Pack)
	p.AddStr("method", "additional_connect")
	p.AddData("session_key", key)
	s.addIdentity(p)
	return p
}

func (s *settings) addIdentity(p *pack.Pack) {
	p.AddStr("client_str", s.Product)
	p.AddInt("client_ver", s.Version)
	p.AddInt("client_build", s.Build)
}

func (s *settings) addAuth(p *pack.Pack, random *[keyLen]byte) error {
	switch a := s.auth.(type) {
	case Anonymous:
		p.AddInt("authtype", authAnonymous)
	case Password:
		answer := passwordAnswer(s.User, a.Secret, random)
		p.AddInt("authtype", authPassword)
		p.AddData("secure_password", answer[:])
	case PlainPassword:
		p.AddInt("authtype", authPlain)
		p.AddStr("plain_password", a.Secret)
	case Certificate:
		sign, err := a.sign(random)
		if err != nil {
			return err
		}
		p.AddInt("authtype", authCert)
		p.AddData("cert", a.DER)
		p.AddData("sign", sign)
	case ticket:
		p.AddInt("authtype", authTicket)
		p.AddData("ticket", a.value)
	}
	return nil
}

// passwordAnswer returns the proof that the user knows the password, for one
// challenge (softether-protocol.md 6.3). Of the user name only a-z become capital.
func passwordAnswer(user, password string, random *[keyLen]byte) [sha0.Size]byte {
	upper := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, user)
	hash := sha0.Sum([]byte(password), []byte(upper))
	return sha0.Sum(hash[:], random[:])
}

// dummyIPv4 stands for "some IPv4 address" (RFC 7600). A login over IPv4 without
// any address counts as one over IPv6, and may lose its IPv6 default router to the
// policy NoIPv6DefaultRouterInRAWhenIPv6 (softether-protocol.md 6.6).
var dummyIPv4 = netip.AddrFrom4([4]byte{192, 0, 0, 8})

// addNodeInfo tells the server's log who this is: the product, and what
// [HostInfo] allows. The numbers in it are little-endian (softether-protocol.md 6.6).
func (s *settings) addNodeInfo(p *pack.Pack, c *control) {
	little := func(name string, v uint32) { p.AddInt(name, bits.ReverseBytes32(v)) }
	p.AddStr("ClientProductName", clip63(s.Product))
	little("ClientProductVer", s.Version)
	little("ClientProductBuild", s.Build)
	p.AddData("UniqueId", s.UniqueID[:])

	local, _ := netip.ParseAddrPort(c.raw.LocalAddr().String())
	addr := local.Addr().Unmap()
	info := s.HostInfo
	if info == nil {
		if c.addr.Addr().Is4() {
			p.AddIP("ClientIpAddress", dummyIPv4)
		}
		return
	}
	p.AddStr("ClientHostname", clip63(info.Hostname))
	p.AddStr("ClientOsName", clip63(info.OSName))
	p.AddStr("ClientOsVer", clip63(info.OSVersion))
	p.AddStr("ServerHostname", clip63(s.Host))
	p.AddStr("ServerProductName", clip63(c.hello.product))
	little("ServerProductVer", c.hello.version)
	little("ServerProductBuild", c.hello.build)
	little("ServerPort2", uint32(s.serverPort(c.addr)))
	if s.Proxy == nil {
		addAddress(p, "ServerIpAddress", c.addr.Addr())
	}
	if _, tcp := c.raw.LocalAddr().(*net.TCPAddr); tcp {
		little("ClientPort", uint32(local.Port()))
		addAddress(p, "ClientIpAddress", addr)
	}
}

// addAddress adds an address to the node information, which has two names for it.
func addAddress(p *pack.Pack, name string, a netip.Addr) {
	if a.Is4() {
		p.AddIP(name, a)
	} else if a.Is6() {
		b := a.As16()
		p.AddData(name+"6", b[:])
	}
}

// clip63 cuts s to what a field of the node information takes, at a character.
func clip63(s string) string {
	if len(s) <= 63 {
		return s
	}
	return strings.ToValidUTF8(s[:63], "")
}
