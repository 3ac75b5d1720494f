// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"os"
	"path/filepath"
)

// noTLS13 is an OpenSSL configuration with the effect of Tls_Disable1_3, a setting that version 5.02 of the
// server has.
const noTLS13 = `openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = limit
[limit]
MaxProtocol = TLSv1.2
`

// UseTLS12 restarts the server without TLS 1.3 and with these cipher suites, in OpenSSL's notation, for TLS
// 1.2.
func (s *Server) UseTLS12(ctx context.Context, ciphers string) error {
	file := filepath.Join(s.dir, "openssl.cnf")
	if err := os.WriteFile(file, []byte(noTLS13), 0o644); err != nil {
		return err
	}
	if err := s.Stop(ctx); err != nil {
		return err
	}
	s.env = []string{"OPENSSL_CONF=" + file}
	if err := s.Start(ctx); err != nil {
		return err
	}
	_, err := s.Admin(ctx, "ServerCipherSet "+ciphers)
	return err
}
