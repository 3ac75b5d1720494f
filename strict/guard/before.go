// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"maps"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// What strict mode replaces in a profile may have been set by the person. It is saved in the profile's user
// settings, so that it survives the guard.

// beforeKey is followed by the family.
const beforeKey = "softether.before-"

// userData returns what programs keep in the profile.
func (v Connection) userData() map[string]string {
	data, _ := v.settings["user"]["data"].Value().(map[string]string)
	if data == nil {
		return map[string]string{}
	}
	return maps.Clone(data)
}

// remember saves in s what locked is about to replace, unless it has done so before.
func (v Connection) remember(s Settings) {
	data := v.userData()
	for _, family := range families {
		if v.inTable(family) {
			continue
		}
		var words []string
		if n, ok := v.settings[family][routeTable].Value().(uint32); ok && n != 0 {
			words = append(words, routeTable+"="+strconv.FormatUint(uint64(n), 10))
		}
		if n, ok := v.settings[family][routeToServer].Value().(int32); ok {
			words = append(words, routeToServer+"="+strconv.FormatInt(int64(n), 10))
		}
		if data[beforeKey+family] = strings.Join(words, " "); len(words) == 0 {
			delete(data, beforeKey+family)
		}
	}
	keepUserData(s, data)
}

// restore puts what was saved back into s if the family is still as locked has left it, and forgets it.
func (v Connection) restore(s Settings) {
	data := v.userData()
	for _, family := range families {
		before := data[beforeKey+family]
		delete(data, beforeKey+family)
		if !v.inTable(family) {
			continue
		}
		delete(s[family], routeTable)
		delete(s[family], routeToServer)
		for word := range strings.FieldsSeq(before) {
			key, value, _ := strings.Cut(word, "=")
			switch n, err := strconv.ParseInt(value, 10, 64); {
			case err != nil:
			case key == routeTable && n == int64(uint32(n)):
				s[family][key] = dbus.MakeVariant(uint32(n))
			case key == routeToServer && n == int64(int32(n)):
				s[family][key] = dbus.MakeVariant(int32(n))
			}
		}
	}
	keepUserData(s, data)
}

// remembers reports whether there is anything to restore.
func (v Connection) remembers() bool {
	data := v.userData()
	return data[beforeKey+families[0]] != "" || data[beforeKey+families[1]] != ""
}

func keepUserData(s Settings, data map[string]string) {
	if len(data) == 0 {
		delete(s, "user")
		return
	}
	s["user"] = map[string]dbus.Variant{"data": dbus.MakeVariant(data)}
}
