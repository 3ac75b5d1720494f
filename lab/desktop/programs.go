// SPDX-License-Identifier: Apache-2.0

package desktop

// A Plugin tells where the desktop finds the plugin under test.
type Plugin struct {
	// Service, AuthDialog and Notifier are the programs under test, absolute paths. Policy is their D-Bus policy file.
	Service, AuthDialog, Notifier, Policy string
	// Editor is the library nmcli imports and exports with; empty = none.
	Editor string
	// Installed uses the .name file and D-Bus policy installed on this machine instead.
	Installed bool
	// OwnWindow tells agents to let the password dialog show its own window instead of drawing one themselves.
	OwnWindow bool
	// ServiceEnv is added to NetworkManager's environment, which its VPN services inherit.
	ServiceEnv []string
	// Broker has dbus-broker for the system bus, as Fedora, Arch and openSUSE have, in place of dbus-daemon.
	Broker bool
}
