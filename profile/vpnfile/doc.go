// SPDX-License-Identifier: Apache-2.0

// Package vpnfile reads and writes the .vpn files of the official SoftEther client, which hold one account
// each, and translates them to and from the keys of a connection.
//
//	text  -- Read -->  Account  -- Account.Connection -->  Connection (vpn.data, vpn.secrets)
//	text  <- Marshal -  Account  <-- FromConnection ------  Connection
//
// Nothing is lost on the way without a word. What the file says and no key can hold is kept in the data key
// vpn-file-items, for a later export; what changes the meaning is in a list of warnings besides. What a connection
// says and the format cannot hold is in the warnings of the export.
//
// The format is that of Mayaqua/Cfg.c, the items those of Cedar/Client.c; both were compared
// with what vpncmd 5.01.9674 writes and reads. A .vpn file is as secret as the passwords in it: it hides them behind
// a fixed key only.
//
// The package reads no file and knows no network: all of it is functions of their arguments, safe for
// concurrent use.
package vpnfile
