// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"strings"
)

// SetMessage makes the hub greet users with a text.
func (s *Server) SetMessage(ctx context.Context, hub, text string) error {
	begin := "\t\tdeclare " + hub + "\n\t\t{\n"
	return s.reconfigure(ctx, begin, begin+"\t\t\tdeclare Message\n\t\t\t{\n\t\t\t\tstring MessageText "+configString(text)+"\n\t\t\t}\n")
}

// configString formats a text for the configuration file: UTF-8, with special bytes as $ and two hexadecimal
// digits.
func configString(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c == '$' || c == 0x7f {
			fmt.Fprintf(&b, "$%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
