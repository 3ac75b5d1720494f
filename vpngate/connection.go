// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
)

// connectionName is made of checked values only: country code, address and, if another connection has that
// name, the port.
func connectionName(r relay, taken map[string]bool) string {
	name := "VPN Gate " + r.addr.String()
	if r.code != "" {
		name = "VPN Gate " + r.code + " " + r.addr.String()
	}
	if taken[name] {
		name += " " + strconv.Itoa(int(r.port))
	}
	return name
}

// newConnection returns the settings of a connection (networkmanager.md 3). owner, if not empty, is the one
// user who may see and use it.
//
// The certificate is checked as usual: the relays' own certificates do not verify, so the first connection
// asks the person, and the answer is stored as a pin. server-cert-check=no would spare the question, and any
// later protection with it. The reasons for the rest are in profile.GateHub.
func newConnection(r relay, name, uuid, owner string) map[string]map[string]dbus.Variant {
	connection := map[string]dbus.Variant{
		"id":          dbus.MakeVariant(name),
		"uuid":        dbus.MakeVariant(uuid),
		"type":        dbus.MakeVariant("vpn"),
		"autoconnect": dbus.MakeVariant(false),
	}
	if owner != "" {
		connection["permissions"] = dbus.MakeVariant([]string{"user:" + owner + ":"})
	}
	return map[string]map[string]dbus.Variant{
		"connection": connection,
		"vpn": {
			"service-type": dbus.MakeVariant(profile.ServiceType),
			"data": dbus.MakeVariant(map[string]string{
				profile.KeyGateway:                       r.addr.String(),
				profile.KeyPort:                          strconv.Itoa(int(r.port)),
				profile.KeyHub:                           profile.GateHub,
				profile.KeyUser:                          profile.GateUser,
				profile.KeyAuthType:                      string(profile.AuthPassword),
				profile.FlagsKey(profile.SecretPassword): "0",
				profile.KeyServerCertCheck:               string(profile.CertCheckYes),
				profile.KeyBlockIPv6:                     string(profile.BlockIPv6Yes),
			}),
			"secrets": dbus.MakeVariant(map[string]string{profile.SecretPassword: profile.GatePassword}),
		},
		"ipv4": {"method": dbus.MakeVariant("auto"), "dns-priority": dbus.MakeVariant(int32(profile.FullDNSPriority))},
		"ipv6": {"method": dbus.MakeVariant("auto"), "dns-priority": dbus.MakeVariant(int32(profile.FullDNSPriority))},
	}
}

// leadsTo returns the relay that an existing connection leads to, if that is a VPN Gate relay.
func leadsTo(serviceType string, data map[string]string) (netip.AddrPort, bool) {
	if serviceType != profile.ServiceType || !strings.EqualFold(data[profile.KeyHub], profile.GateHub) {
		return netip.AddrPort{}, false
	}
	gateway, err := profile.ParseEndpoint(data[profile.KeyGateway])
	if err != nil {
		return netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(gateway.Host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	if gateway.Port == 0 {
		gateway.Port = 443
		if n, err := strconv.ParseUint(data[profile.KeyPort], 10, 16); err == nil && n > 0 {
			gateway.Port = uint16(n)
		}
	}
	return netip.AddrPortFrom(addr.Unmap(), gateway.Port), true
}

// newUUID returns a random UUID (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
