// SPDX-License-Identifier: Apache-2.0

// Package profile is what a NetworkManager connection of type SoftEther says:
// the keys of vpn.data and vpn.secrets, their ranges, defaults, meaning and help.
//
// [Keys] is the only table of keys in the program. [Parse] walks it to turn the
// strings of a connection into a [Profile]; the manual page nm-settings-softether(5)
// is generated from it (see genman); import, export and the editor's form take kinds,
// ranges and help from it. A new key takes an entry there, a field in [Profile], and a
// field in the editor's form (editor/form); CONTRIBUTING.md has the whole list, and
// tests find what was forgotten.
//
// The package knows neither D-Bus nor the network, reads no file and resolves no name: the result of every
// function depends on its arguments and on the language of the process alone. All of it is safe for
// concurrent use, as long as nobody changes [Keys].
package profile

//go:generate go run ./genman -o ../data/nm-settings-softether.5
