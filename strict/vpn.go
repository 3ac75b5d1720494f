// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// A vpn is the profile of a SoftEther connection.
type vpn struct {
	path     dbus.ObjectPath
	settings settings
}

func text(v dbus.Variant) string {
	s, _ := v.Value().(string)
	return s
}

func (v vpn) name() string { return text(v.settings["connection"]["id"]) }
func (v vpn) uuid() string { return text(v.settings["connection"]["uuid"]) }

func (v vpn) data() map[string]string {
	data, _ := v.settings["vpn"]["data"].Value().(map[string]string)
	if data == nil {
		return map[string]string{}
	}
	return maps.Clone(data)
}

// strict reports whether the profile says that it is in strict mode.
func (v vpn) strict() bool { return profile.Strict(v.data()[profile.KeyStrict]).On() }

// bound reports whether locked has been here, also where somebody has changed the key since.
func (v vpn) bound() bool {
	for _, family := range []string{"ipv4", "ipv6"} {
		if v.settings[family]["route-table"].Value() == uint32(profile.StrictTable) {
			return true
		}
	}
	return v.strict()
}

// ours reports whether a connection is one of SoftEther.
func ours(s settings) bool {
	return text(s["connection"]["type"]) == "vpn" && text(s["vpn"]["service-type"]) == profile.ServiceType
}

// locked returns the profile in strict mode.
func (v vpn) locked(l lock) settings {
	s := v.copy()
	words := make([]string, len(l.servers))
	for i, a := range l.servers {
		words[i] = a.String()
	}
	data := v.data()
	data[profile.KeyStrict], data[profile.KeyServerAddresses] = string(l.mode()), strings.Join(words, " ")
	s["vpn"]["data"] = dbus.MakeVariant(data)
	full := v.settings["ipv4"]["never-default"].Value() != true
	for _, family := range []string{"ipv4", "ipv6"} {
		s[family]["route-table"] = dbus.MakeVariant(uint32(profile.StrictTable))
		if _, chosen := s[family]["dns-priority"]; !chosen && full {
			s[family]["dns-priority"] = dbus.MakeVariant(int32(profile.FullDNSPriority))
		}
	}
	return s
}

// unlocked returns the profile without strict mode.
func (v vpn) unlocked() settings {
	s := v.copy()
	data := v.data()
	delete(data, profile.KeyStrict)
	delete(data, profile.KeyServerAddresses)
	s["vpn"]["data"] = dbus.MakeVariant(data)
	for _, family := range []string{"ipv4", "ipv6"} {
		if s[family]["route-table"].Value() == uint32(profile.StrictTable) {
			delete(s[family], "route-table")
		}
	}
	return s
}

// copy is the profile as it can be given back to NetworkManager: of what is there in an old and a new form, the new one
// alone. Secrets are not among what a profile is read with; NetworkManager keeps those it has.
func (v vpn) copy() settings {
	s := settings{}
	for name, properties := range v.settings {
		s[name] = maps.Clone(properties)
	}
	for _, family := range []string{"ipv4", "ipv6"} {
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

// entrance is the host that the VPN's own packets go to: the proxy, if there is one, else the server.
func (v vpn) entrance() (string, error) {
	data := v.data()
	if t := data[profile.KeyTransport]; t == string(profile.TransportUDP) {
		return "", po.Errorf("%s: transport=udp uses SoftEther's public servers and is not possible in strict mode", v.name())
	}
	key := profile.KeyGateway
	if t := data[profile.KeyProxyType]; t != "" && t != string(profile.ProxyNone) {
		key = profile.KeyProxyServer
	}
	host := data[key]
	if key == profile.KeyGateway {
		host, _, _ = strings.Cut(host, "/") // a hint
	}
	e, err := profile.ParseEndpoint(host)
	if err != nil {
		return "", po.Errorf("%s: %s: %w", v.name(), key, err)
	}
	return e.Host, nil
}

// maxServers bounds the addresses of one VPN.
const maxServers = 16

// lookup returns the addresses of a host.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	return tidy(list), nil
}

// tidy sorts addresses and leaves out what is there twice.
func tidy(list []netip.Addr) []netip.Addr {
	for i := range list {
		list[i] = list[i].Unmap()
	}
	slices.SortFunc(list, netip.Addr.Compare)
	list = slices.Compact(list)
	return list[:min(len(list), maxServers)]
}
