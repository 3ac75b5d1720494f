// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// fullTunnel makes a profile's tunnel carry everything.
func fullTunnel(v desktop.VPN) desktop.VPN { return v } // the office announces a default route

// splitTunnel leaves the default route with the base.
func splitTunnel(v desktop.VPN) desktop.VPN {
	v.More = append(v.More, "ipv4.never-default", "yes")
	return v
}

// tunnels runs a test with a full and with a split tunnel.
func tunnels(t *testing.T, f func(t *testing.T, kind func(desktop.VPN) desktop.VPN)) {
	t.Run("full", func(t *testing.T) { f(t, fullTunnel) })
	t.Run("split", func(t *testing.T) { f(t, splitTunnel) })
}

// over6 reaches the server over IPv6.
func over6(v desktop.VPN) desktop.VPN {
	v.Data["gateway"] = plan.ServerName6
	return v
}

// A ride is a kind of tunnel over one version of IP.
type ride struct {
	name string
	full bool
	v6   bool
}

var (
	full4  = ride{"full tunnel over IPv4", true, false}
	split4 = ride{"split tunnel over IPv4", false, false}
	full6  = ride{"full tunnel over IPv6", true, true}
	split6 = ride{"split tunnel over IPv6", false, true}

	every = []ride{full4, split4, full6, split6}
)

// of makes a profile's tunnel that kind.
func (r ride) of(v desktop.VPN) desktop.VPN {
	if !r.full {
		v = splitTunnel(v)
	}
	if r.v6 {
		v = over6(v)
	}
	return v
}

// rides runs a test with each of them.
func rides(t *testing.T, list []ride, f func(t *testing.T, r ride)) {
	for _, r := range list {
		t.Run(r.name, func(t *testing.T) { f(t, r) })
	}
}

// persistent is a profile that outlives its base.
func (w *world) persistent(more ...string) desktop.VPN {
	return ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, append([]string{"vpn.persistent", "yes"}, more...)...))
}
