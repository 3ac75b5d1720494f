// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/godbus/dbus/v5"
)

// property reads a D-Bus property of NetworkManager.
func property[T any](d *Desktop, path dbus.ObjectPath, iface, name string) (T, error) {
	var zero T
	v, err := d.Bus.Object(nmName, path).GetProperty(iface + "." + name)
	if err != nil {
		return zero, fmt.Errorf("property %s of %s: %w", name, path, err)
	}
	t, ok := v.Value().(T)
	if !ok {
		return zero, fmt.Errorf("property %s of %s has type %s", name, path, v.Signature())
	}
	return t, nil
}

// States of an active connection (NMActiveConnectionState).
const (
	Activating = 1
	Activated  = 2
)

// An Active is an active connection of NetworkManager.
type Active struct {
	Path  dbus.ObjectPath
	ID    string
	VPN   bool
	State uint32
}

// ActiveConnections lists NetworkManager's active connections, including those of interfaces that it did not
// configure itself.
func (d *Desktop) ActiveConnections() ([]Active, error) {
	paths, err := property[[]dbus.ObjectPath](d, nmPath, nmName, "ActiveConnections")
	if err != nil {
		return nil, err
	}
	var list []Active
	for _, p := range paths {
		var props map[string]dbus.Variant
		err := d.Bus.Object(nmName, p).Call("org.freedesktop.DBus.Properties.GetAll", 0, nmName+".Connection.Active").Store(&props)
		if err != nil {
			continue // it has just gone
		}
		a := Active{Path: p}
		a.ID, _ = props["Id"].Value().(string)
		a.VPN, _ = props["Vpn"].Value().(bool)
		a.State, _ = props["State"].Value().(uint32)
		list = append(list, a)
	}
	return list, nil
}

// State returns the state of the active connection of that profile, 0 if it has none.
func (d *Desktop) State(id string) (uint32, error) {
	list, err := d.ActiveConnections()
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(list, func(a Active) bool { return a.ID == id && a.State <= Activated })
	if i < 0 {
		return 0, nil
	}
	return list[i].State, nil
}

// BaseOf lists the devices below the active connection of that profile.
func (d *Desktop) BaseOf(id string) ([]string, error) {
	list, err := d.ActiveConnections()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, a := range list {
		if a.ID != id {
			continue
		}
		devices, err := property[[]dbus.ObjectPath](d, a.Path, nmName+".Connection.Active", "Devices")
		if err != nil {
			return nil, err
		}
		for _, dev := range devices {
			name, err := property[string](d, dev, nmName+".Device", "Interface")
			if err != nil {
				return nil, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// Banner returns the server's message as shown by NetworkManager.
func (d *Desktop) Banner(id string) (string, error) {
	list, err := d.ActiveConnections()
	if err != nil {
		return "", err
	}
	for _, a := range list {
		if a.ID == id {
			return property[string](d, a.Path, nmName+".VPN.Connection", "Banner")
		}
	}
	return "", fmt.Errorf("%s is not active", id)
}

// WINS lists the NetBIOS name servers that NetworkManager has of an active connection.
func (d *Desktop) WINS(id string) ([]string, error) {
	list, err := d.ActiveConnections()
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if a.ID != id {
			continue
		}
		config, err := property[dbus.ObjectPath](d, a.Path, nmName+".Connection.Active", "Ip4Config")
		if err != nil {
			return nil, err
		}
		return property[[]string](d, config, nmName+".IP4Config", "WinsServerData")
	}
	return nil, fmt.Errorf("%s is not active", id)
}

// A DNSEntry is one entry of what NetworkManager tells the resolver.
type DNSEntry struct {
	Interface string
	Servers   []netip.Addr
	Domains   []string
	VPN       bool
	Priority  int32
}

// DNS returns the DNS configuration in force, best first, from NetworkManager's DnsManager.
func (d *Desktop) DNS() ([]DNSEntry, error) {
	conf, err := property[[]map[string]dbus.Variant](d, nmPath+"/DnsManager", nmName+".DnsManager", "Configuration")
	if err != nil {
		return nil, err
	}
	var list []DNSEntry
	for _, c := range conf {
		var e DNSEntry
		e.Interface, _ = c["interface"].Value().(string)
		e.Domains, _ = c["domains"].Value().([]string)
		e.VPN, _ = c["vpn"].Value().(bool)
		e.Priority, _ = c["priority"].Value().(int32)
		servers, _ := c["nameservers"].Value().([]string)
		for _, s := range servers {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("name server %q: %w", s, err)
			}
			e.Servers = append(e.Servers, a)
		}
		list = append(list, e)
	}
	return list, nil
}

// VPNDNS returns the part of DNS that comes from VPNs.
func (d *Desktop) VPNDNS() ([]DNSEntry, error) {
	list, err := d.DNS()
	return slices.DeleteFunc(list, func(e DNSEntry) bool { return !e.VPN }), err
}
