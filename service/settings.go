// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
)

// source extracts what the profile is made from from NetworkManager's dictionary (networkmanager.md 3). A
// property that is absent, or of another type than documented, has its default.
func source(s nmvpn.Settings) profile.Source {
	con, vpn := s["connection"], s["vpn"]
	return profile.Source{
		ID:               value[string](con, "id"),
		UUID:             value[string](con, "uuid"),
		InterfaceName:    value[string](con, "interface-name"),
		Users:            users(value[[]string](con, "permissions")),
		UserName:         value[string](vpn, "user-name"),
		Timeout:          time.Duration(value[uint32](vpn, "timeout")) * time.Second,
		Persistent:       value[bool](vpn, "persistent"),
		IPv4Method:       value[string](s["ipv4"], "method"),
		IPv6Method:       value[string](s["ipv6"], "method"),
		IPv4NeverDefault: value[bool](s["ipv4"], "never-default"),
		IPv6NeverDefault: value[bool](s["ipv6"], "never-default"),
		IPv4:             familyOf(s["ipv4"]),
		IPv6:             familyOf(s["ipv6"]),
		Data:             value[map[string]string](vpn, "data"),
		Secrets:          value[map[string]string](vpn, "secrets"),
	}
}

// familyOf extracts what one of the settings ipv4 and ipv6 says besides the method.
func familyOf(s map[string]dbus.Variant) profile.Family {
	mayFail, said := s["may-fail"].Value().(bool)
	return profile.Family{
		MustSucceed:      said && !mayFail,
		RequiredTimeout:  max(0, time.Duration(value[int32](s, "required-timeout"))*time.Millisecond),
		IgnoreAutoRoutes: value[bool](s, "ignore-auto-routes"),
		OwnDefault:       ownDefault(s),
		Addresses:        addressesOf(s),
		Table:            value[uint32](s, "route-table"),
		Automatic:        automaticOf(s),
	}
}

// automaticOf extracts what one of the settings ipv4 and ipv6 says about obtaining addresses.
func automaticOf(s map[string]dbus.Variant) profile.Automatic {
	send, said := s["dhcp-send-hostname"].Value().(bool)
	dad, dadSaid := s["dad-timeout"].Value().(int32)
	if !dadSaid {
		dad = -1
	}
	const enabled, stablePrivacy = 3, 1 // NMSettingIP4LinkLocal, NMSettingIP6ConfigAddrGenMode
	a := profile.Automatic{
		SilentHostname: said && !send,
		Hostname:       value[string](s, "dhcp-hostname"),
		FQDN:           value[string](s, "dhcp-fqdn"),
		ClientID:       value[string](s, "dhcp-client-id"),
		VendorClass:    value[string](s, "dhcp-vendor-class-identifier"),
		IAID:           value[string](s, "dhcp-iaid"),
		DUID:           value[string](s, "dhcp-duid"),
		RejectServers:  value[[]string](s, "dhcp-reject-servers"),
		DHCPTimeout:    max(0, time.Duration(value[int32](s, "dhcp-timeout"))*time.Second),
		DADTimeout:     time.Duration(dad) * time.Millisecond,
		TemporaryIPv6:  int(value[int32](s, "ip6-privacy")),
		Token:          value[string](s, "token"),
		LinkLocal:      value[int32](s, "link-local") == enabled,
		SendRelease:    value[int32](s, "dhcp-send-release") > 0,
	}
	if mode, said := s["addr-gen-mode"].Value().(int32); said && mode == stablePrivacy {
		a.AddrGenMode = "stable-privacy"
	}
	return a
}

func value[T any](setting map[string]dbus.Variant, property string) T {
	v, _ := setting[property].Value().(T)
	return v
}

// addressesOf returns the addresses that the person has set.
func addressesOf(setting map[string]dbus.Variant) []netip.Prefix {
	var list []netip.Prefix
	for _, a := range value[[]map[string]dbus.Variant](setting, "address-data") {
		addr, err := netip.ParseAddr(value[string](a, "address"))
		if bits, ok := a["prefix"].Value().(uint32); err == nil && ok {
			list = append(list, netip.PrefixFrom(addr, int(bits)))
		}
	}
	return list
}

// ownDefault reports whether the person has set a default route of a family.
func ownDefault(setting map[string]dbus.Variant) bool {
	if value[string](setting, "gateway") != "" {
		return true
	}
	for _, r := range value[[]map[string]dbus.Variant](setting, "route-data") {
		if prefix, ok := r["prefix"].Value().(uint32); ok && prefix == 0 {
			return true
		}
	}
	return false
}

// users returns the names in connection.permissions, which consists of "user:NAME:" entries.
func users(permissions []string) []string {
	var names []string
	for _, p := range permissions {
		if name, ok := strings.CutPrefix(p, "user:"); ok {
			names = append(names, strings.TrimSuffix(name, ":"))
		}
	}
	return names
}
