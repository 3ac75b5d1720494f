// SPDX-License-Identifier: Apache-2.0

// The GObject side of the editor library: see plugin.c.

#ifndef NM_SOFTETHER_PLUGIN_H
#define NM_SOFTETHER_PLUGIN_H

#include <NetworkManager.h>
#include <stdint.h>

// What the three properties of the plugin say.
#define SOFTETHER_NAME "SoftEther VPN"
#define SOFTETHER_SERVICE "org.freedesktop.NetworkManager.softether"

// Wrappers of what cgo cannot call: macros and functions with variable arguments.
void softether_set_error(GError **error, int code, const char *text);
void softether_say(const char *text);
NMConnection *softether_connection_new(const char *id, NMSettingVpn *vpn);

// Gives a connection what one to a relay of VPN Gate has beyond its data (profile.GateHub).
void softether_gate(NMConnection *connection);

// Gives a full tunnel this DNS priority, unless the person has chosen one, and takes it from a split one.
void softether_names(NMConnection *connection, int priority);

// softether_vpn_add gives a connection an empty VPN setting of ours.
NMSettingVpn *softether_vpn_add(NMConnection *connection);

#endif
