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

// login sends the login and returns either a redirect or a welcome.
func (d *dialer) login(c *control) (*redirect, *welcome, error) {
	d.log.Debug("logging in", "server", c.addr, "product", c.hello.product, "hub", d.Hub, "auth", d.auth.authName())
	c.udp, c.bulk = d.offerUDP(c), d.wantsBulk(c)
	request, err := d.loginPack(c)
	if err != nil {
		return nil, nil, err
	}
	if err := c.send(request); err != nil {
		return nil, nil, err
	}
	if d.Notify != nil {
		d.Notify(LoginSent{})
	}
	p, err := c.receive(c.limits.login, c.limits.loginTotal)
	if err != nil {
		return nil, nil, err
	}
	if p.Bool("Redirect") {
		r, err := parseRedirect(p, d.serverPort(c.addr))
		if err != nil {
			return nil, nil, err
		}
		// An acknowledgement; nobody needs its answer.
		return r, nil, c.send(new(pack.Pack))
	}
	w, err := d.parseWelcome(p)
	if err == nil {
		w.udp = c.udp.grant(d, p)
		w.bulk, err = c.grantBulk(d, p)
		if c.datagrams() != nil {
			w.connections = 1 // the server grants a second one for when the path is lost
		}
	}
	return nil, w, err
}

// loginPack returns the login for the connection c (softether-protocol.md 6).
func (d *dialer) loginPack(c *control) (*pack.Pack, error) {
	p := new(pack.Pack)
	p.AddStr("method", "login")
	p.AddStr("hubname", d.Hub)
	p.AddStr("username", d.User)
	if err := d.addAuth(p, &c.hello.random); err != nil {
		return nil, err
	}
	d.addIdentity(p)
	p.AddStr("hello", d.Product)
	p.AddInt("version", d.Version)
	p.AddInt("build", d.Build)
	p.AddInt("protocol", 0)
	p.AddInt("client_id", 0)
	n := d.connections()
	p.AddInt("max_connection", uint32(n))
	p.AddBool("use_encrypt", true)
	p.AddBool("use_compress", d.Compression)
	p.AddBool("half_connection", d.wantsHalf())
	p.AddBool("qos", d.wantsQoS())
	p.AddBool("require_bridge_routing_mode", d.BridgeMode)
	p.AddBool("require_monitor_mode", d.MonitorMode)
	if c.udp != nil {
		c.udp.AddTo(p)
	}
	if c.datagrams() != nil {
		p.AddBool("support_udp_recovery", true) // else the session would end with its connection
	}
	if c.bulk {
		bulk.Offer(p)
	}
	d.addNodeInfo(p, c)
	return p, nil
}

func (d *dialer) addIdentity(p *pack.Pack) {
	p.AddStr("client_str", d.Product)
	p.AddInt("client_ver", d.Version)
	p.AddInt("client_build", d.Build)
}

func (d *dialer) addAuth(p *pack.Pack, random *[keyLen]byte) error {
	switch a := d.auth.(type) {
	case Anonymous:
		p.AddInt("authtype", authAnonymous)
	case Password:
		d.addPassword(p, []byte(a.Secret), random)
	case PlainPassword:
		addPlainPassword(p, a.Secret)
	case Later:
		secret := a.Secret()
		defer clear(secret)
		if _, plain := a.As.(PlainPassword); plain {
			addPlainPassword(p, string(secret))
		} else {
			d.addPassword(p, secret, random)
		}
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

func (d *dialer) addPassword(p *pack.Pack, password []byte, random *[keyLen]byte) {
	answer := passwordAnswer(d.User, password, random)
	p.AddInt("authtype", authPassword)
	p.AddData("secure_password", answer[:])
}

func addPlainPassword(p *pack.Pack, password string) {
	p.AddInt("authtype", authPlain)
	p.AddStr("plain_password", password)
}

// passwordAnswer returns the proof that the user knows the password, for one challenge (softether-protocol.md
// 6.3). Of the user name, only a-z are put into upper case.
func passwordAnswer(user string, password []byte, random *[keyLen]byte) [sha0.Size]byte {
	upper := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, user)
	hash := sha0.Sum(password, []byte(upper)) // as good as the password with this server
	defer clear(hash[:])
	return sha0.Sum(hash[:], random[:])
}

// dummyIPv4 stands for "some IPv4 address" (RFC 7600). A server treats a login over IPv4 without any address
// as one over IPv6, and the policy NoIPv6DefaultRouterInRAWhenIPv6 may then cost it its IPv6 default router
// (softether-protocol.md 6.6).
var dummyIPv4 = netip.AddrFrom4([4]byte{192, 0, 0, 8})

// addNodeInfo adds what the server's log shows of the client: the product, and what [HostInfo] allows. The
// numbers in it are little-endian (softether-protocol.md 6.6).
func (d *dialer) addNodeInfo(p *pack.Pack, c *control) {
	little := func(name string, v uint32) { p.AddInt(name, bits.ReverseBytes32(v)) }
	p.AddStr("ClientProductName", clip63(d.Product))
	little("ClientProductVer", d.Version)
	little("ClientProductBuild", d.Build)
	p.AddData("UniqueId", d.UniqueID[:])

	local, _ := netip.ParseAddrPort(c.raw.LocalAddr().String())
	addr := local.Addr().Unmap()
	info := d.HostInfo
	if info == nil {
		if c.addr.Addr().Is4() {
			p.AddIP("ClientIpAddress", dummyIPv4)
		}
		return
	}
	p.AddStr("ClientHostname", clip63(info.Hostname))
	p.AddStr("ClientOsName", clip63(info.OSName))
	p.AddStr("ClientOsVer", clip63(info.OSVersion))
	p.AddStr("ServerHostname", clip63(d.Host))
	p.AddStr("ServerProductName", clip63(c.hello.product))
	little("ServerProductVer", c.hello.version)
	little("ServerProductBuild", c.hello.build)
	little("ServerPort2", uint32(d.serverPort(c.addr)))
	if d.Proxy == nil {
		addAddress(p, "ServerIpAddress", c.addr.Addr())
	}
	if _, tcp := c.raw.LocalAddr().(*net.TCPAddr); tcp {
		little("ClientPort", uint32(local.Port()))
		addAddress(p, "ClientIpAddress", addr)
	} else if c.addr.Addr().Is4() {
		p.AddIP("ClientIpAddress", dummyIPv4)
	}
}

// addAddress adds an address to the node information, under the name for its IP version.
func addAddress(p *pack.Pack, name string, a netip.Addr) {
	if a.Is4() {
		p.AddIP(name, a)
	} else if a.Is6() {
		b := a.As16()
		p.AddData(name+"6", b[:])
	}
}

// clip63 cuts s to what a field of the node information holds, at a character boundary.
func clip63(s string) string {
	if len(s) <= 63 {
		return s
	}
	return strings.ToValidUTF8(s[:63], "")
}
