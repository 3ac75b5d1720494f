// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"fmt"
	"strings"
)

// banner is what people see first. The official client writes its own and accepts any.
const banner = utf8Mark + `# SoftEther VPN connection, exported by NetworkManager (network-manager-softether)
#
# The official client reads it by "Import VPN Connection Setting", or vpncmd AccountImport.
# Whoever has this file has the passwords and keys in it.

`

// Marshal returns the account as the text of a .vpn file.
func (a *Account) Marshal() []byte {
	var b strings.Builder
	b.WriteString(banner)
	b.WriteString("declare root\n{\n")
	items := a.items()
	write(&b, items, blockRoot, "\t")
	for _, name := range []string{blockAuth, blockOption} {
		fmt.Fprintf(&b, "%s\tdeclare %s\n\t{\n", map[bool]string{true: "\n"}[name == blockAuth], name)
		write(&b, items, name, "\t\t")
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
	return []byte(strings.ReplaceAll(b.String(), "\n", "\r\n"))
}

// write writes the items of a block.
func write(b *strings.Builder, items []item, block, indent string) {
	for _, it := range items {
		if it.block != block {
			continue
		}
		if w := word(it.value); it.when == always || !isZero(w) {
			fmt.Fprintf(b, "%s%s %s %s\n", indent, kindOf(it.value), it.name, w)
		}
	}
}

// isZero reports whether a word stands for an unset value.
func isZero(w string) bool {
	return w == "$" || w == "0" || w == "false"
}
