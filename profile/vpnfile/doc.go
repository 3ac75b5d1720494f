// SPDX-License-Identifier: Apache-2.0

// Package vpnfile reads and writes the .vpn files of the official SoftEther client, which hold one account
// each, and translates them to and from the keys of a connection.
//
//	text  -- Read -->  Account  -- Account.Connection -->  Connection (vpn.data, vpn.secrets)
//	text  <- Marshal -  Account  <-- FromConnection ------  Connection
//
// Nothing is silently lost. What the file says and no key can express is kept in the data key vpn-file-items,
// for a later export; what changes the meaning is also reported by warnings. What a connection says and the
// format cannot express is reported by the warnings of the export.
//
// The format is that of Mayaqua/Cfg.c, the items are those of Cedar/Client.c; both were compared with what
// vpncmd 5.01.9674 writes and reads. A .vpn file is as secret as the passwords in it: it only hides them with
// a fixed key.
//
// The package reads no file and knows no network: the result of every function depends on its arguments and
// on the language of the process alone. All of it is safe for concurrent use.
package vpnfile
