// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// SetMessage makes the hub greet users with a text. vpncmd has no command for it, so the server is stopped, its
// configuration file changed, and it is started again.
func (s *Server) SetMessage(ctx context.Context, hub, text string) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	file := s.Host.Path("/var/lib/softether/vpn_server.config")
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	config := strings.ReplaceAll(string(b), "\r\n", "\n")
	begin := "\t\tdeclare " + hub + "\n\t\t{\n"
	if !strings.Contains(config, begin) {
		return fmt.Errorf("%s has no hub %s", file, hub)
	}
	message := "\t\t\tdeclare Message\n\t\t\t{\n\t\t\t\tstring MessageText " + configString(text) + "\n\t\t\t}\n"
	if err := os.WriteFile(file, []byte(strings.Replace(config, begin, begin+message, 1)), 0o600); err != nil {
		return err
	}
	return s.Start(ctx)
}

// configString writes a text as the configuration file wants it: UTF-8, with bytes that have a meaning as $ and two
// hexadecimal digits.
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
