// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// banner is what other people see first. The official client writes one of its own and reads any.
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
	a.block(&b, blockRoot, "\t")
	for _, name := range []string{blockAuth, blockOption} {
		fmt.Fprintf(&b, "%s\tdeclare %s\n\t{\n", map[bool]string{true: "\n"}[name == blockAuth], name)
		a.block(&b, name, "\t\t")
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
	return []byte(strings.ReplaceAll(b.String(), "\n", "\r\n"))
}

// block writes the items of a block.
func (a *Account) block(b *strings.Builder, block, indent string) {
	for _, it := range a.items() {
		if it.block != block || it.when == nonZero && isZero(it.value) {
			continue
		}
		fmt.Fprintf(b, "%s%s %s %s\n", indent, kindOf(it.value), it.name, word(it.value))
	}
}

// word writes the value of a field.
func word(field any) string {
	switch v := field.(type) {
	case *bool:
		return fmt.Sprint(*v)
	case *uint32:
		return fmt.Sprint(*v)
	case *uint64:
		return fmt.Sprint(*v)
	case *string:
		return escape(*v)
	case *[]byte:
		return escape(base64.StdEncoding.EncodeToString(*v))
	}
	panic(fmt.Sprintf("vpnfile: no type for %T", field))
}

func isZero(field any) bool {
	w := word(field)
	return w == "$" || w == "0" || w == "false"
}
