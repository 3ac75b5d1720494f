// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// AddCertUser adds a user to the hub who logs in with exactly this certificate, PEM.
func (s *Server) AddCertUser(ctx context.Context, hub, name string, cert []byte) error {
	file := filepath.Join(s.dir, name+".crt")
	if err := os.WriteFile(file, cert, 0o600); err != nil {
		return err
	}
	_, err := s.Admin(ctx, fmt.Sprintf("Hub %s\nUserCreate %s /GROUP:none /REALNAME:none /NOTE:none\nUserCertSet %s /LOADCERT:%s", hub, name, name, file))
	return err
}

// AddSignedUser adds a user to the hub who logs in with any certificate of that common name signed by ca.
func (s *Server) AddSignedUser(ctx context.Context, hub, name string, ca *Authority) error {
	file := filepath.Join(s.dir, name+"-ca.crt")
	if err := os.WriteFile(file, ca.PEM, 0o600); err != nil {
		return err
	}
	// vpncmd takes an argument that begins with a slash for an option; programs of the lab run in the root folder.
	_, err := s.Admin(ctx, fmt.Sprintf("Hub %s\nCAAdd %s\nUserCreate %s /GROUP:none /REALNAME:none /NOTE:none\nUserSignedSet %s /CN:%s /SERIAL:none", hub, strings.TrimPrefix(file, "/"), name, name, name))
	return err
}
