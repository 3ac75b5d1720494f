// SPDX-License-Identifier: Apache-2.0

package profile

// KeyVPNFileItems holds what only an export to a .vpn file needs.
const KeyVPNFileItems = "vpn-file-items"

// maxFileItems is enough for a certificate and a page of HTTP headers.
const maxFileItems = 16 << 10

// importKeys are about files of the official client; the service does not use them.
var importKeys = []Key{
	{
		Name: KeyVPNFileItems, Kind: KindString, Group: GroupImport, Max: maxFileItems,
		Help: "Items of an imported .vpn file that no other key can hold",
		More: "Has no effect on the connection. It is kept for a later export, which gives the official client its settings back. The items are those of the file, separated by spaces.",
		set:  func(p *Profile, v value) { p.VPNFileItems = v.text },
	},
}
