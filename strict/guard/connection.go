// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// A Connection is one of NetworkManager's connections, in the state in which it was read.
type Connection struct {
	path     dbus.ObjectPath
	version  uint64 // of the settings; 0 before NetworkManager 1.44, which counts from 1
	settings Settings
}

func text(v dbus.Variant) string {
	s, _ := v.Value().(string)
	return s
}

// Name returns the name that people use.
func (v Connection) Name() string { return text(v.settings["connection"]["id"]) }

// UUID returns the identifier that never changes.
func (v Connection) UUID() string { return text(v.settings["connection"]["uuid"]) }

// data returns the keys without the blanks around their values, which count for nothing (package profile).
func (v Connection) data() map[string]string {
	all, _ := v.settings["vpn"]["data"].Value().(map[string]string)
	data := make(map[string]string, len(all))
	for key, value := range all {
		data[key] = strings.TrimSpace(value)
	}
	return data
}

func (v Connection) key() profile.Strict { return profile.Strict(v.data()[profile.KeyStrict]) }

// Strict reports whether the profile says that it is in strict mode.
func (v Connection) Strict() bool { return v.key().On() }

// bound reports whether locked was applied, even if somebody has changed the key since.
func (v Connection) bound() bool {
	return v.Strict() || slices.ContainsFunc(families, v.inTable)
}

// free reports whether unlocked was applied, and known whether the server's addresses are still in the
// profile.
func (v Connection) free() bool  { return v.released() && !v.known() }
func (v Connection) known() bool { return v.data()[profile.KeyServerAddresses] != "" }

// released reports whether opening was applied.
func (v Connection) released() bool { return !v.bound() && !v.remembers() }

var families = []string{"ipv4", "ipv6"}

// inTable reports whether a family's routes go to the table of strict mode.
func (v Connection) inTable(family string) bool {
	return v.settings[family][routeTable].Value() == uint32(profile.StrictTable)
}

const (
	routeTable = "route-table"
	// routeToServer says whether NetworkManager makes a route to the server through the local network's
	// router, and one to that router. The rules lead there without it. NetworkManager 1.52 puts these routes
	// into the profile's table, where strict mode lets everything through, and 1.42 into the main one.
	routeToServer = "auto-route-ext-gw"
)

// absent reports whether a family is not used.
func (v Connection) absent(family string) bool {
	method := text(v.settings[family]["method"])
	return method == "disabled" || method == "ignore"
}

// ready reports whether the profile is as locked would make it, as far as a lock depends on that.
func (v Connection) ready(l Lock) bool {
	if v.takesNames() {
		return false
	}
	for _, family := range families {
		if !v.absent(family) && (!v.inTable(family) || v.settings[family][routeToServer].Value() != int32(0)) {
			return false
		}
	}
	data := v.data()
	return data[profile.KeyStrict] == string(l.mode()) && data[profile.KeyServerAddresses] == words(l.Servers)
}

// ours reports whether a connection is a SoftEther connection.
func ours(s Settings) bool {
	return text(s["connection"]["type"]) == "vpn" && text(s["vpn"]["service-type"]) == profile.ServiceType
}

// locked returns the profile in strict mode.
func (v Connection) locked(l Lock) Settings {
	s := v.copy()
	data := v.data()
	data[profile.KeyStrict], data[profile.KeyServerAddresses] = string(l.mode()), words(l.Servers)
	s["vpn"]["data"] = dbus.MakeVariant(data)
	v.remember(s)
	v.giveNamesBack(s)
	for _, family := range families {
		s[family][routeTable] = dbus.MakeVariant(uint32(profile.StrictTable))
		s[family][routeToServer] = dbus.MakeVariant(int32(0))
		if _, chosen := s[family][dnsPriority]; !chosen && v.full() {
			s[family][dnsPriority] = dbus.MakeVariant(int32(profile.FullDNSPriority))
		}
	}
	return s
}

// unlocked returns the profile without strict mode.
func (v Connection) unlocked() Settings { return Connection{settings: v.opening()}.unknown() }

// opening returns the profile with its routes in the ordinary table and with the server's addresses, as its
// name cannot be resolved until the rules are gone.
func (v Connection) opening() Settings {
	s := v.copy()
	data := v.data()
	delete(data, profile.KeyStrict)
	s["vpn"]["data"] = dbus.MakeVariant(data)
	v.giveNamesBack(s)
	v.restore(s)
	return s
}

// unknown returns the profile without the server's addresses.
func (v Connection) unknown() Settings {
	s := v.copy()
	data := v.data()
	delete(data, profile.KeyServerAddresses)
	s["vpn"]["data"] = dbus.MakeVariant(data)
	return s
}

// copy returns the profile in a form that can be passed back to NetworkManager: where there is an old and a
// new form of something, only the new one. Reading a profile returns no secrets; NetworkManager keeps those
// that it has.
func (v Connection) copy() Settings {
	s := Settings{}
	for name, properties := range v.settings {
		s[name] = maps.Clone(properties)
	}
	for _, family := range families {
		if s[family] == nil {
			s[family] = map[string]dbus.Variant{"method": dbus.MakeVariant("auto")}
		}
		for old, newer := range map[string]string{"addresses": "address-data", "routes": "route-data"} {
			if _, there := s[family][newer]; there {
				delete(s[family], old)
			}
		}
	}
	return s
}

// entrance returns the host that the VPN's own packets go to: the proxy, if there is one, otherwise the
// server.
func (v Connection) entrance() (string, error) {
	data := v.data()
	if t := data[profile.KeyTransport]; t == string(profile.TransportUDP) {
		return "", po.Errorf("%s: transport=udp uses SoftEther's public servers and is not possible in strict mode", v.Name())
	}
	key := profile.KeyGateway
	if t := data[profile.KeyProxyType]; t != "" && t != string(profile.ProxyNone) {
		key = profile.KeyProxyServer
	}
	parse := profile.ParseEndpoint
	if key == profile.KeyGateway { // which may have a hint
		parse = func(s string) (profile.Endpoint, error) {
			e, _, err := profile.ParseGateway(s)
			return e, err
		}
	}
	e, err := parse(data[key])
	if err != nil {
		return "", po.Errorf("%s: %s: %w", v.Name(), key, err)
	}
	return e.Host, nil
}

// addresses returns those of the server that are in the profile.
func (v Connection) addresses() []netip.Addr {
	var list []netip.Addr
	for w := range strings.FieldsSeq(v.data()[profile.KeyServerAddresses]) {
		if a, err := netip.ParseAddr(w); err == nil && Usable(a) {
			list = append(list, a)
		}
	}
	return tidy(list)
}

// Usable reports whether an address can be that of a server.
func Usable(a netip.Addr) bool {
	return a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback()
}

// leadsTo reports whether a lock was made for the host, so that its addresses need not be resolved again.
func (one Lock) leadsTo(uuid, host string) bool {
	if one.mark != "" {
		return one.mark == markOf(uuid, host)
	}
	a, err := netip.ParseAddr(host)
	return err != nil || slices.Contains(one.Servers, a.Unmap())
}
