// SPDX-License-Identifier: Apache-2.0

// Package profile is what a NetworkManager connection of type SoftEther says:
// the keys of vpn.data and vpn.secrets, their ranges, defaults, meaning and help.
//
// [Keys] is the only list of keys in the program. [Parse] walks it to turn the
// strings of a connection into a [Profile]; the man page nm-settings-softether(5)
// is written from it (see genman); the editor, import and export read it too.
// A key is added by adding one entry there, and a field for it in [Profile].
//
// The package knows neither D-Bus nor the network, reads no file and resolves no
// name: everything in it is a function of its arguments, but for [Parse] with
// mac=random, which draws random bytes. All of it is safe for concurrent use.
package profile

//go:generate go run ./genman -o ../data/nm-settings-softether.5
