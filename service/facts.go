// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
)

// A tally has the counters of a connection since it came up.
type tally struct {
	since      time.Time     // when the present session began
	logins     uint32        // new logins after the first
	reattached atomic.Uint32 // times the session went on over another connection
}

// statusFacts returns what a person may see of a connection that is up: the properties of the interface that
// nm-softether-status reads. It runs in the loop; nil means that there is no connection.
func (c *connection) statusFacts() map[string]dbus.Variant {
	if c.phase != up && c.phase != reconnecting {
		return nil
	}
	p := c.profile
	d := map[string]any{
		"Id": p.ID, "Uuid": p.UUID, "Interface": c.inner.announced.config.TunDev, "Phase": c.phase.String(),
		"Server": p.Gateway.String(), "Hub": p.Hub, "User": p.User,
		"Addresses":     c.addresses(),
		"NewLogins":     c.tally.logins,
		"Reattachments": c.tally.reattached.Load(),
	}
	st := c.tunnel.bridge.Stats()
	d["SentBytes"], d["SentFrames"] = st.SentBytes, st.SentFrames
	d["ReceivedBytes"], d["ReceivedFrames"] = st.ReceivedBytes, st.ReceivedFrames
	if c.live.session != nil {
		c.sessionFacts(d)
	}
	out := make(map[string]dbus.Variant, len(d))
	for name, v := range d {
		if s, ok := v.(string); ok {
			v = nmvpn.Text(s)
		}
		out[name] = dbus.MakeVariant(v)
	}
	return out
}

// sessionFacts adds what only a living session has.
func (c *connection) sessionFacts(d map[string]any) {
	info, live := c.live.session.Info(), c.live.session.Live()
	d["Since"] = c.tally.since.Unix()
	d["ServerAddress"] = info.ServerAddr.String()
	d["ServerProduct"], d["ServerVersion"], d["ServerBuild"] = info.ServerProduct, info.ServerVersion, info.ServerBuild
	d["Session"] = info.SessionName
	d["Tls"], d["Cipher"] = tls.VersionName(info.TLSVersion), tls.CipherSuiteName(info.CipherSuite)
	d["CertificateSha256"] = profile.Fingerprint(info.CertSHA256[:])
	d["TcpConnections"], d["MaxTcpConnections"] = uint32(live.Connections), uint32(info.MaxConnections)
	d["HalfDuplex"], d["Compression"] = info.HalfDuplex, info.Compression
	d["Udp"], d["UdpVersion"] = string(live.UDP), uint32(live.UDPVersion)
}

// addresses returns those that NetworkManager was told, with their prefix lengths, and the IPv6 addresses
// that the kernel has in addition.
func (c *connection) addresses() []string {
	out := []string{}
	for _, cfg := range []*nmvpn.IPConfig{c.inner.announced.ip4, c.inner.announced.ip6} {
		if cfg != nil && cfg.Addr.IsValid() {
			out = append(out, cfg.Addr.String())
		}
	}
	if c.inner.announced.ip6 != nil && c.inner.config6 != nil && c.inner.announced.ip6.Addr == c.inner.config6.Addr {
		for _, a := range c.inner.config6.Addrs[1:] {
			out = append(out, a.String())
		}
	}
	return out
}
