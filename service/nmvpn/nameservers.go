// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/godbus/dbus/v5"
)

// Where NetworkManager keeps its devices.
const (
	coreName = "org.freedesktop.NetworkManager"
	corePath = "/org/freedesktop/NetworkManager"
)

// NameServers asks NetworkManager for the name servers of a network interface. A VPN's servers, which answer
// for the whole computer, are not among them.
func NameServers(ctx context.Context, conn *dbus.Conn, device string) ([]netip.Addr, error) {
	var path dbus.ObjectPath
	err := conn.Object(coreName, corePath).CallWithContext(ctx, coreName+".GetDeviceByIpIface", 0, device).Store(&path)
	if err != nil {
		return nil, fmt.Errorf("NetworkManager's device %s: %w", device, err)
	}
	var servers []netip.Addr
	for _, family := range []struct {
		config string
		read   func(map[string]dbus.Variant) []netip.Addr
	}{{"IP4Config", nameServers4}, {"IP6Config", nameServers6}} {
		name := family.config
		var at dbus.Variant
		err := conn.Object(coreName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
			coreName+".Device", map[string]string{"IP4Config": "Ip4Config", "IP6Config": "Ip6Config"}[name]).Store(&at)
		config, ok := at.Value().(dbus.ObjectPath)
		if err != nil || !ok || config == "/" {
			continue
		}
		var props map[string]dbus.Variant
		err = conn.Object(coreName, config).CallWithContext(ctx, "org.freedesktop.DBus.Properties.GetAll", 0, coreName+"."+name).Store(&props)
		if err == nil {
			servers = append(servers, family.read(props)...)
		}
	}
	return servers, nil
}

// nameServers4 reads NameserverData, an array of dictionaries with the address as a text.
func nameServers4(props map[string]dbus.Variant) (servers []netip.Addr) {
	list, _ := props["NameserverData"].Value().([]map[string]dbus.Variant)
	for _, d := range list {
		text, _ := d["address"].Value().(string)
		if a, err := netip.ParseAddr(text); err == nil {
			servers = append(servers, a)
		}
	}
	return servers
}

// nameServers6 reads Nameservers, an array of addresses as bytes.
func nameServers6(props map[string]dbus.Variant) (servers []netip.Addr) {
	list, _ := props["Nameservers"].Value().([][]byte)
	for _, b := range list {
		if a, ok := netip.AddrFromSlice(b); ok && a.Is6() {
			servers = append(servers, a)
		}
	}
	return servers
}
