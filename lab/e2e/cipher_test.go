// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// TestServerWithoutForwardSecrecy: the official client connects to a server that an administrator has given nothing but
// RSA key exchange, so we do. Where that can be avoided it is, and where it cannot the journal says so.
func TestServerWithoutForwardSecrecy(t *testing.T) {
	w := freshNetwork(t)
	four, err := w.Server.Version4(w.ctx)
	w.ok(err)
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	const warning, advice = "no forward secrecy", "ServerCipherSet ECDHE"
	for _, test := range []struct {
		ciphers, got string
		secret       bool
	}{
		{"ECDHE-RSA-AES256-GCM-SHA384:AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", true},
		{"AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384", false},
		{"AES128-SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA256", false},
		{"AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", false},
	} {
		err := w.Server.UseTLS12(w.ctx, test.ciphers)
		if four { // SOFTETHER=folder: it speaks TLS 1.3 whatever its administrator asks for, and refuses some lists
			test.got, test.secret = "TLS_AES_256_GCM_SHA384", true
		} else {
			w.ok(err)
		}
		mark := w.Desktop.NMLogMark()
		w.up(v)
		w.pings(plan.OfficeGateway)
		log := w.Desktop.VPNLog(mark)
		if !strings.Contains(log, "cipher="+test.got) {
			t.Errorf("%s: the cipher is another one:\n%s", test.ciphers, log)
		}
		if strings.Contains(log, warning) == test.secret || strings.Contains(log, advice) == test.secret {
			t.Errorf("%s: forward secrecy: %v, but the journal says:\n%s", test.ciphers, test.secret, log)
		}
		w.down(v.Name)
		_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "delete", v.Name)
		w.ok(err)
	}
	if four {
		return
	}
	// What crypto/tls does not have.
	w.ok(w.Server.UseTLS12(w.ctx, "DHE-RSA-AES256-GCM-SHA384"))
	w.refused(v, connectFailed, "may offer only DHE, RC4 or 3DES")
}
