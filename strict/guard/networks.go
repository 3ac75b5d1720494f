// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"errors"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// When the computer starts, NetworkManager activates the loopback device and the others in parallel, so a
// network may be up some milliseconds before the guard. So the known networks bring the rules with them:
// NetworkManager sets the rules of a connection before its addresses.

// network reports whether packets could leave by a connection.
func network(s Settings) bool {
	switch text(s["connection"]["type"]) {
	case "vpn", "loopback", "":
		return false
	}
	return s["ipv4"] != nil && text(s["connection"]["slave-type"]) == "" && text(s["connection"]["port-type"]) == ""
}

// withRules returns a connection with the rules of the locks in place of earlier ones, and whether it had
// others.
func (v Connection) withRules(l Locks) (s Settings, changed bool) {
	s = v.copy()
	for name, family := range map[string]int{"ipv4": unix.AF_INET, "ipv6": unix.AF_INET6} {
		before := v.rules(name)
		list := slices.DeleteFunc(slices.Clone(before), fromHere)
		if len(l) > 0 && !v.absent(name) {
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

// rules returns the routing rules of one family of a connection.
func (v Connection) rules(family string) []map[string]dbus.Variant {
	list, _ := v.settings[family]["routing-rules"].Value().([]map[string]dbus.Variant)
	return list
}

// fromHere reports whether a rule is one of ours.
func fromHere(r map[string]dbus.Variant) bool {
	priority, _ := r["priority"].Value().(uint32)
	return priority >= prioServer && priority <= prioEnd
}

// ruleKeys are the selectors and the action of a rule.
var ruleKeys = []string{
	"family", "priority", "table", "action", "invert", "from", "from-len", "to", "to-len", "tos", "ipproto", "sport-start",
	"sport-end", "dport-start", "dport-end", "fwmark", "fwmask", "iifname", "oifname", "uid-range-start", "uid-range-end", "suppress-prefixlength",
}

// sameRule compares what two rules select and do.
func sameRule(a, b map[string]dbus.Variant) bool {
	return !slices.ContainsFunc(ruleKeys, func(key string) bool { return value(a, key) != value(b, key) })
}

// value returns the value of a rule's key. NetworkManager leaves out the end of a range of one port.
func value(r map[string]dbus.Variant, key string) any {
	v, there := r[key]
	if start, end := strings.CutSuffix(key, "-end"); end && !there {
		v = r[start+"-start"]
	}
	return v.Value()
}

// stamp gives the networks the rules of the locks, or removes them if there are none. A network that the
// person may not change stays as it is: the guard covers it too, a moment later.
func (m *Manager) stamp(networks []Connection, l Locks) error {
	var errs []error
	for _, n := range networks {
		if _, changed := n.withRules(l); !changed {
			continue
		}
		with := func(n Connection) Settings { s, _ := n.withRules(l); return s }
		done := func(n Connection) bool { _, changed := n.withRules(l); return !changed }
		if err := m.update(n, with, done); err != nil {
			errs = append(errs, err)
			continue
		}
		m.reapply(n.UUID())
	}
	return errors.Join(errs...)
}

// reapply makes a change known to the devices on which the previous rules are in force.
func (m *Manager) reapply(uuid string) {
	var devices []dbus.ObjectPath
	if m.call(nmPath, nmName+".GetDevices").Store(&devices) != nil {
		return
	}
	for _, d := range devices {
		var applied Settings
		var version uint64
		if m.call(d, deviceIface+".GetAppliedConnection", uint32(0)).Store(&applied, &version) != nil || text(applied["connection"]["uuid"]) != uuid {
			continue
		}
		for _, family := range families {
			if slices.ContainsFunc((Connection{settings: applied}).rules(family), fromHere) {
				_ = m.call(d, deviceIface+".Reapply", Settings{}, version, uint32(0)).Err // otherwise with the next connection
				break
			}
		}
	}
}
