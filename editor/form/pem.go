// SPDX-License-Identifier: Apache-2.0

package form

import (
	"encoding/pem"
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile/der"
)

func isPEM(text string) bool { return strings.Contains(text, "-----BEGIN ") }

// Describe returns what a field shows for PEM text that is stored in the connection. It begins with a
// bracket, so that it is not taken for a path.
func Describe(text string) string {
	var first string
	certs := 0
	for rest := der.PEMText([]byte(text)); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		name := po.T("private key")
		if der.IsCertificateLabel(block.Type) {
			list := der.InBlock(block)
			certs += max(len(list), 1)
			name = po.T("certificate")
			if len(list) > 0 {
				if c, _ := der.ParseCertificate(list[0]); c.LastDay != "" {
					name = po.F("%s, valid until %s", c.CommonName, c.LastDay)
				}
			}
		}
		if first == "" {
			first = strings.TrimPrefix(name, ", ")
		}
	}
	if certs > 1 {
		first = po.N("%s, and %d more", "%s, and %d more", certs-1, first, certs-1)
	}
	return "[" + strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(first, "?")) + "]"
}
