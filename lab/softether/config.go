// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"os"
	"strings"
)

const serverFile = "/var/lib/softether/vpn_server.config"

// Sow gives the server, before its first start, its folders and a configuration file.
func (s *Server) Sow() error {
	for _, dir := range []string{"/var/lib/softether", "/var/log/softether"} {
		if err := os.MkdirAll(s.Host.Path(dir), 0o755); err != nil {
			return err
		}
	}
	if err := s.bringBuild(); err != nil {
		return err
	}
	return os.WriteFile(s.Host.Path(serverFile), []byte(seed), 0o600)
}

// reconfigure replaces old with text in the server's configuration file, for settings that vpncmd has no
// command for. The server would overwrite changes made while it runs, so it is restarted.
func (s *Server) reconfigure(ctx context.Context, old, text string) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	file := s.Host.Path(serverFile)
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	config := strings.ReplaceAll(string(b), "\r\n", "\n")
	if !strings.Contains(config, old) {
		return fmt.Errorf("%s does not have %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(config, old, text, 1)), 0o600); err != nil {
		return err
	}
	return s.Start(ctx)
}
