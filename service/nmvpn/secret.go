// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"context"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// NetworkManager's own names, and the parts of its settings that are used.
const (
	nmName       = "org.freedesktop.NetworkManager"
	settingsPath = "/org/freedesktop/NetworkManager/Settings"
	settingsName = nmName + ".Settings"
	profileName  = settingsName + ".Connection"

	// noReapply keeps an update of a profile from touching what is active; without further flags, the profile
	// stays where it is kept, on disk or in memory.
	noReapply uint32 = 0x40

	// profileTimeout bounds how long ReplaceSecret waits.
	profileTimeout = 5 * time.Second
)

// An Editor changes profiles, over a connection to the bus that was opened by a user who may.
type Editor struct{ Conn *dbus.Conn }

// Close gives that up.
func (e *Editor) Close() error { return e.Conn.Close() }

// ReplaceSecret replaces a secret that NetworkManager has stored with a profile by another text. If there is
// none of that name, nothing happens. Secrets kept by agents stay with them. sent are the secrets that
// NetworkManager sent last.
func (e *Editor) ReplaceSecret(uuid, name, value string, sent map[string]string) error {
	ctx, cancel := context.WithTimeout(context.Background(), profileTimeout)
	defer cancel()
	var path dbus.ObjectPath
	if err := e.Conn.Object(nmName, settingsPath).CallWithContext(ctx, settingsName+".GetConnectionByUuid", 0, uuid).Store(&path); err != nil {
		return fmt.Errorf("find the profile %s: %w", uuid, err)
	}
	stored := e.Conn.Object(nmName, path)
	var profile, secret Settings
	if err := stored.CallWithContext(ctx, profileName+".GetSettings", 0).Store(&profile); err != nil {
		return fmt.Errorf("read the profile %s: %w", uuid, err)
	}
	// NetworkManager also asks root's agents, and fails if one of them has nothing to say: nmcli, when root
	// is the user. In that case, it has stored what it sent.
	all := sent
	if err := stored.CallWithContext(ctx, profileName+".GetSecrets", 0, "vpn").Store(&secret); err == nil {
		all, _ = secret["vpn"]["secrets"].Value().(map[string]string)
	}
	if _, ok := all[name]; !ok {
		return nil
	}
	call := stored.CallWithContext(ctx, profileName+".Update2", 0, withSecret(profile, all, name, value), noReapply, map[string]dbus.Variant{})
	if call.Err != nil {
		return fmt.Errorf("update the profile %s: %w", uuid, call.Err)
	}
	return nil
}

// withSecret adds its stored secrets to a profile as returned by GetSettings, one of them with another value.
func withSecret(profile Settings, all map[string]string, name, value string) Settings {
	data, _ := profile["vpn"]["data"].Value().(map[string]string)
	keep := map[string]string{name: value}
	for k, v := range all {
		// With other flags it belongs to an agent, or to nobody.
		if flags := data[k+"-flags"]; k != name && (flags == "" || flags == "0") {
			keep[k] = v
		}
	}
	profile["vpn"]["secrets"] = dbus.MakeVariant(keep)
	for _, family := range []string{"ipv4", "ipv6"} {
		// These are in address-data and route-data as well, and godbus does not return structures in the form it received them.
		delete(profile[family], "addresses")
		delete(profile[family], "routes")
	}
	return profile
}
