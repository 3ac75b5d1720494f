// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// Parents asks NetworkManager which network interfaces are below the active VPN of a profile.
func Parents(ctx context.Context, conn *dbus.Conn, uuid string) ([]string, error) {
	get := func(path dbus.ObjectPath, iface, property string) (any, error) {
		var v dbus.Variant
		err := conn.Object(coreName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, iface, property).Store(&v)
		if err != nil {
			return nil, fmt.Errorf("NetworkManager's %s of %s: %w", property, path, err)
		}
		return v.Value(), nil
	}
	v, err := get(corePath, coreName, "ActiveConnections")
	if err != nil {
		return nil, err
	}
	active, _ := v.([]dbus.ObjectPath)
	var names []string
	for _, path := range active {
		const iface = coreName + ".Connection.Active"
		if id, err := get(path, iface, "Uuid"); err != nil || id != uuid {
			continue // another profile's, or one that has just gone
		}
		v, err := get(path, iface, "Devices")
		if err != nil {
			return nil, err
		}
		devices, _ := v.([]dbus.ObjectPath)
		for _, device := range devices {
			name, err := get(device, coreName+".Device", "Interface")
			if err != nil {
				return nil, err
			}
			if s, ok := name.(string); ok {
				names = append(names, s)
			}
		}
	}
	return names, nil
}
