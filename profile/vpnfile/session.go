// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"network-manager-softether/po"
	"network-manager-softether/profile"
)

func (t *translation) session() {
	a := t.a
	t.number(profile.KeyMaxConnections, "MaxConnection", a.MaxConnection)
	t.number("connection-interval", "AdditionalConnectionInterval", a.AdditionalConnectionInterval)
	t.number("connection-lifetime", "ConnectionDisconnectSpan", a.ConnectionDisconnectSpan)
	if a.HalfConnection && a.MaxConnection < 2 {
		t.warn("HalfConnection", po.F("not set, as it requires two connections and MaxConnection is %d", a.MaxConnection))
	} else {
		t.yes(profile.KeyHalfDuplex, "HalfConnection", a.HalfConnection)
	}
	t.yes("compression", "UseCompress", a.UseCompress)
	t.yes("bridge-mode", "RequireBridgeRoutingMode", a.RequireBridgeRoutingMode)
	t.yes("monitor-mode", "RequireMonitorMode", a.RequireMonitorMode)
	if a.DisableQoS {
		t.set("qos", "DisableQoS", "no")
	}
	if a.NoUdpAcceleration {
		t.set(profile.KeyUDPAcceleration, "NoUdpAcceleration", string(profile.UDPNo))
	}
	t.number("reconnect-interval", "RetryInterval", a.RetryInterval)
	switch a.NumRetry {
	case retryForever:
	case 0:
		t.warn("NumRetry", po.T("no reconnection at all is not supported here; reconnect-attempts is set to 1"))
		t.set("reconnect-attempts", "NumRetry", "1")
	default:
		t.number("reconnect-attempts", "NumRetry", a.NumRetry)
	}
	if !a.UseEncrypt {
		t.warn("UseEncrypt", po.T("encryption is turned off in the file; here it is always on"))
	}
}

// client translates what concerns the program and the computer rather than the session.
func (t *translation) client() {
	a := t.a
	if a.NoRoutingTracking {
		t.warn("NoRoutingTracking", po.T("routes are set up by NetworkManager; to keep the default route, set ipv4.never-default and ipv6.never-default"))
	}
	if a.StartupAccount {
		t.warn("StartupAccount", t.startup())
	}
	if a.BindLocalIP != "" && a.BindLocalIP != "0.0.0.0" && a.BindLocalIP != "::" || a.BindLocalPort != 0 {
		t.warn("BindLocalIP", po.T("the local address and port of the connection cannot be chosen here"))
	}
}

// startup returns how to have a connection activated automatically, and what has to be done first: when a
// secondary fails, NetworkManager takes the other connection down, and with it the whole network, and nobody
// can be asked at that time.
func (t *translation) startup() string {
	pinned := t.c.Data[profile.KeyServerCertSHA] != ""
	_, stored := t.c.Secrets[profile.SecretPassword]
	if auth := profile.AuthType(effective(t.c.Data, profile.KeyAuthType)); auth == profile.AuthAnonymous || auth == profile.AuthCertificate {
		stored = true
	}
	switch {
	case !pinned && !stored:
		return po.T("not connected at start by itself. Before you make it a secondary of another connection (connection.secondaries), set the fingerprint of the server certificate (server-cert-sha256), store the password (vpn.secrets) and connect once by hand: a secondary that cannot ask anybody fails, and takes the other connection down with it")
	case !pinned:
		return po.T("not connected at start by itself. Before you make it a secondary of another connection (connection.secondaries), set the fingerprint of the server certificate (server-cert-sha256) and connect once by hand: a secondary that cannot ask anybody fails, and takes the other connection down with it")
	case !stored:
		return po.T("not connected at start by itself. Before you make it a secondary of another connection (connection.secondaries), store the password (vpn.secrets) and connect once by hand: a secondary that cannot ask anybody fails, and takes the other connection down with it")
	}
	return po.T("not connected at start by itself. Before you make it a secondary of another connection (connection.secondaries), connect once by hand: a secondary that fails takes the other connection down with it")
}
