// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// serverVar names a directory with another build of the server than Debian's: vpnserver, hamcore.se2 and the
// libraries that came with them, and vpncmd if Debian's does not understand it. The lab then runs that one,
// from a copy.
const serverVar = "SOFTETHER"

// A server not built for Debian keeps its configuration and logs next to the program, so that is placed in
// the directory in which Debian's has its configuration. The logs are redirected to where Debian's are.
const (
	serverHome = "/var/lib/softether"
	serverLogs = "/var/log/softether"
)

// bringBuild copies the other build to the host, if there is one.
func (s *Server) bringBuild() error {
	folder := os.Getenv(serverVar)
	if folder == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(folder, "vpnserver")); err != nil {
		return fmt.Errorf("%s=%s: %w", serverVar, folder, err)
	}
	home := s.Host.Path(serverHome)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from := filepath.Join(folder, e.Name())
		st, err := os.Stat(from) // follows links
		if err != nil {
			return err
		}
		if !st.Mode().IsRegular() || filepath.Ext(e.Name()) == ".config" {
			continue
		}
		if err := copyFile(from, filepath.Join(home, e.Name()), st.Mode().Perm()); err != nil {
			return err
		}
	}
	for _, logs := range []string{"server_log", "security_log", "packet_log"} {
		to := filepath.Join(serverLogs, logs)
		if err := os.MkdirAll(s.Host.Path(to), 0o700); err != nil {
			return err
		}
		if err := os.Symlink(to, filepath.Join(home, logs)); err != nil {
			return err
		}
	}
	return nil
}

// Version4 reports whether the other build is a 4.x, which behaves differently from Debian's.
func (s *Server) Version4(ctx context.Context) (bool, error) {
	info, err := s.Admin(ctx, "ServerInfoGet")
	return strings.Contains(info, "|Version 4."), err
}

func copyFile(from, to string, mode fs.FileMode) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, mode)
}

// program returns the path of the server's program or vpncmd, whichever build is used.
func (s *Server) program(name, debian string) string {
	if os.Getenv(serverVar) == "" {
		return debian
	}
	if _, err := os.Stat(s.Host.Path(filepath.Join(serverHome, name))); err != nil {
		return debian // which understands the other build
	}
	return filepath.Join(serverHome, name)
}

// buildEnv makes the programs of the other build find their libraries.
func (s *Server) buildEnv() []string {
	if os.Getenv(serverVar) == "" {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + serverHome}
}
