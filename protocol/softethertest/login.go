// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"network-manager-softether/protocol/pack"
)

// Error codes of the server (softether-protocol.md 14).
const (
	errDisconnected      uint32 = 3
	errProtocol          uint32 = 4
	errAuthType          uint32 = 7
	errHubNotFound       uint32 = 8
	errAuthFailed        uint32 = 9
	errHubStopping       uint32 = 10
	errAccessDenied      uint32 = 12
	errSessionTimeout    uint32 = 13
	errTooManyConnection uint32 = 15
	errHubIsBusy         uint32 = 16
	errTooManySessions   uint32 = 20
	errVersionInvalid    uint32 = 87
	errCantAccept        uint32 = 105
	errMonitorDenied     uint32 = 107
	errBridgeDenied      uint32 = 108
	errAddressDenied     uint32 = 109
	errClientID          uint32 = 127
)

// oldestBuild is what 5.01 demands of a "client" that has to obey the policies
// NoSavePassword and AutoDisconnect.
const oldestBuild = 6560

// login answers a login pack, and runs the tunnel if it is granted.
func (c *conn) login(p *pack.Pack) error {
	set := c.srv.settings()
	for range set.noops {
		if err := c.send(c.noop(2)); err != nil {
			return err
		}
		select {
		case <-time.After(set.noopEvery):
		case <-c.srv.done:
			return errOver
		}
	}
	set = c.srv.settings() // it may have changed meanwhile
	hub, user, code, err := c.admitPatiently(&set, p)
	if err != nil {
		return err
	}
	if code == 0 {
		code = c.permit(&set, hub, user, p)
	}
	if code != 0 {
		noSave := hub != nil && user != nil && hub.policy(user, "NoSavePassword") != 0
		return c.sendError(StepLogin, code, noSave)
	}
	if set.redirect != nil && !isTicket(p) {
		return c.redirect(set.redirect, hub, user)
	}
	sess, code := c.srv.newSession(&set, hub, user, p)
	if code != 0 {
		return c.sendError(StepLogin, code, false)
	}
	welcome := sess.welcome(&set)
	err = sess.grantUDP(&set, c, welcome)
	if err == nil {
		err = c.grant(StepLogin, welcome)
	}
	if err != nil {
		sess.abandon()
		return err
	}
	direction := uint32(directionBoth)
	if sess.half {
		direction = directionToServer
	}
	return sess.open(c, direction, true)
}

// admitPatiently is admit. While it takes its time, 5.02 says now and then that it is still there.
func (c *conn) admitPatiently(set *settings, p *pack.Pack) (hub *Hub, user *User, code uint32, err error) {
	if !set.new502 {
		hub, user, code = c.admit(set, p)
		return hub, user, code, nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub, user, code = c.admit(set, p)
	}()
	tick := time.NewTicker(set.noopEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return hub, user, code, err
		case <-tick.C:
			if err == nil {
				err = c.send(c.noop(2))
			}
		}
	}
}

// admit makes the checks up to authentication, in the order of the real server.
func (c *conn) admit(set *settings, p *pack.Pack) (*Hub, *User, uint32) {
	if !p.Has("hubname") || !p.Has("username") {
		return nil, nil, errProtocol
	}
	hub := set.hubs[foldASCII(p.Str("hubname"))]
	switch {
	case set.member && !isTicket(p) && foldASCII(p.Str("username")) != "administrator":
		return nil, nil, errAccessDenied
	case hub == nil:
		return nil, nil, errHubNotFound
	case hub.NotAccepting:
		return hub, nil, errCantAccept
	case slices.ContainsFunc(hub.Deny, func(n netip.Prefix) bool { return n.Contains(c.remote()) }):
		return hub, nil, errAddressDenied
	case hub.Offline:
		return hub, nil, errHubStopping
	}
	user, code := c.authenticate(hub, p)
	return hub, user, code
}

func isTicket(p *pack.Pack) bool { return p.Int("authtype") == authTicket }

func (c *conn) remote() netip.Addr {
	if a, ok := c.raw.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// permit makes the checks that follow a successful authentication.
func (c *conn) permit(set *settings, hub *Hub, user *User, p *pack.Pack) uint32 {
	isClient := strings.Contains(foldASCII(p.Str("hello")), "client") // not client_str, as seen on 5.01.9674
	policy := func(name string) bool { return hub.policy(user, name) != 0 }
	strict := !set.new502 && (policy("NoSavePassword") || policy("AutoDisconnect"))
	switch build := p.Int("client_build"); {
	case isClient && build < hub.MinBuild:
		return errVersionInvalid
	case hub.ClientID != 0 && p.Int("client_id") != hub.ClientID:
		return errClientID
	case strict && isClient && build < oldestBuild:
		return errVersionInvalid
	case user.Expired, !policy("Access"):
		return errAccessDenied
	case p.Bool("require_monitor_mode") && !policy("MonitorPort"):
		return errMonitorDenied
	case wantsBridge(p) && policy("NoBridge") && policy("NoRouting"):
		return errBridgeDenied
	}
	if most := hub.policy(user, "MultiLogins"); most > 0 && c.srv.rivals(hub, user, p.Data("UniqueId")) >= int(most) {
		return errTooManySessions
	}
	return 0
}

// wantsBridge reports whether the login asks for bridge mode, explicitly or by the words in its product
// string.
func wantsBridge(p *pack.Pack) bool {
	product := foldASCII(p.Str("client_str"))
	return p.Bool("require_bridge_routing_mode") || strings.Contains(product, "server") || strings.Contains(product, "bridge")
}
