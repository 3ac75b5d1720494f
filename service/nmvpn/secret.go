// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"context"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// NetworkManager's own names, and what of its settings is used.
const (
	nmName       = "org.freedesktop.NetworkManager"
	settingsPath = "/org/freedesktop/NetworkManager/Settings"
	settingsName = nmName + ".Settings"
	profileName  = settingsName + ".Connection"

	// noReapply keeps an update of a profile from touching what is active; without other flags the profile stays where
	// it is kept, on disk or in memory.
	noReapply uint32 = 0x40

	// profileTimeout bounds what ReplaceSecret waits for.
	profileTimeout = 5 * time.Second
)

// ReplaceSecret replaces a secret that NetworkManager has stored with a profile by another text. Nothing happens if it has
// none of that name. Secrets that agents keep stay with them. sent are the secrets that NetworkManager sent last.
func (p *Plugin) ReplaceSecret(uuid, name, value string, sent map[string]string) error {
	ctx, cancel := context.WithTimeout(context.Background(), profileTimeout)
	defer cancel()
	var path dbus.ObjectPath
	if err := p.conn.Object(nmName, settingsPath).CallWithContext(ctx, settingsName+".GetConnectionByUuid", 0, uuid).Store(&path); err != nil {
		return fmt.Errorf("find the profile %s: %w", uuid, err)
	}
	stored := p.conn.Object(nmName, path)
	var profile, secret Settings
	if err := stored.CallWithContext(ctx, profileName+".GetSettings", 0).Store(&profile); err != nil {
		return fmt.Errorf("read the profile %s: %w", uuid, err)
	}
	// NetworkManager asks root's agents too, and fails if there is one that has nothing to say: nmcli, when root is
	// the person. It has stored then what it sent.
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

// withSecret adds to a profile, as GetSettings returns it, its stored secrets, one of them with another value.
func withSecret(profile Settings, all map[string]string, name, value string) Settings {
	data, _ := profile["vpn"]["data"].Value().(map[string]string)
	keep := map[string]string{name: value}
	for k, v := range all {
		// With other flags it is an agent's, or nobody's.
		if flags := data[k+"-flags"]; k != name && (flags == "" || flags == "0") {
			keep[k] = v
		}
	}
	profile["vpn"]["secrets"] = dbus.MakeVariant(keep)
	for _, family := range []string{"ipv4", "ipv6"} {
		// These stand in address-data and route-data as well, and structures do not come back from godbus as they went in.
		delete(profile[family], "addresses")
		delete(profile[family], "routes")
	}
	return profile
}
