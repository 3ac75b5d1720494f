// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"strings"
	"unsafe"

	"github.com/godbus/dbus/v5"
)

// ownSecrets gives the secrets in settings, which came over the bus, memory of their own, and overwrites
// where they were: the D-Bus library cuts all strings of a message from the same blocks, so any string that
// lives on would keep the secrets next to it.
func ownSecrets(settings Settings) Settings {
	arrived, ok := settings["vpn"]["secrets"].Value().(map[string]string)
	if !ok {
		return settings
	}
	own := make(map[string]string, len(arrived))
	for name, secret := range arrived {
		own[strings.Clone(name)] = strings.Clone(secret)
		overwrite(secret)
	}
	settings["vpn"]["secrets"] = dbus.MakeVariant(own)
	return settings
}

// overwrite makes a string unreadable. The string must have been made at run time.
func overwrite(s string) { clear(unsafe.Slice(unsafe.StringData(s), len(s))) }
