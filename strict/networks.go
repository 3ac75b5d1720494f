// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// When the computer starts, NetworkManager brings up the loopback device and the others side by side, so a network may be
// there some milliseconds before the guard. The networks that are known bring the rules with them: NetworkManager sets
// those of a connection before its addresses.

// network reports whether a connection is one that packets could leave by.
func network(s settings) bool {
	switch text(s["connection"]["type"]) {
	case "vpn", "loopback", "":
		return false
	}
	return s["ipv4"] != nil && text(s["connection"]["slave-type"]) == "" && text(s["connection"]["port-type"]) == ""
}

// withRules returns a connection with the rules of the locks in place of those of earlier ones, and whether it had others.
func (v vpn) withRules(l locks) (s settings, changed bool) {
	s = v.copy()
	for name, family := range map[string]int{"ipv4": unix.AF_INET, "ipv6": unix.AF_INET6} {
		before, _ := s[name]["routing-rules"].Value().([]map[string]dbus.Variant)
		list := slices.DeleteFunc(slices.Clone(before), fromHere)
		if len(l) > 0 && text(s[name]["method"]) != "disabled" && text(s[name]["method"]) != "ignore" {
			list = append(list, rules(l, family)...)
		}
		changed = changed || !slices.EqualFunc(before, list, sameRule)
		if len(list) == 0 {
			delete(s[name], "routing-rules")
		} else {
			s[name]["routing-rules"] = dbus.MakeVariant(list)
		}
	}
	return s, changed
}

// fromHere reports whether a rule is one of ours.
func fromHere(r map[string]dbus.Variant) bool {
	priority, _ := r["priority"].Value().(uint32)
	return priority >= prioServer && priority <= prioEnd
}

func sameRule(a, b map[string]dbus.Variant) bool {
	for _, key := range []string{"family", "priority", "table", "action", "to", "to-len", "ipproto", "sport-start", "dport-start", "suppress-prefixlength"} {
		if a[key].Value() != b[key].Value() {
			return false
		}
	}
	return true
}

// stamp gives the networks the rules of the locks, or takes them away if there are none. One that the person may not
// change stays as it is: the guard holds there, too, a moment later.
func (m *manager) stamp(networks []vpn, l locks) {
	for _, n := range networks {
		if s, changed := n.withRules(l); changed && m.update(n, s) == nil {
			m.reapply(text(n.settings["connection"]["uuid"]))
		}
	}
}

// reapply makes a change known to the devices that have the rules of before in force.
func (m *manager) reapply(uuid string) {
	var devices []dbus.ObjectPath
	if m.call(nmPath, nmName+".GetDevices").Store(&devices) != nil {
		return
	}
	for _, d := range devices {
		var applied settings
		var version uint64
		if m.call(d, deviceIface+".GetAppliedConnection", uint32(0)).Store(&applied, &version) != nil || text(applied["connection"]["uuid"]) != uuid {
			continue
		}
		for _, family := range []string{"ipv4", "ipv6"} {
			list, _ := applied[family]["routing-rules"].Value().([]map[string]dbus.Variant)
			if slices.ContainsFunc(list, fromHere) {
				_ = m.call(d, deviceIface+".Reapply", settings{}, version, uint32(0)).Err // else with the next connection
				break
			}
		}
	}
}
