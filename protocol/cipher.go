// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
)

// exchangeRSA are the cipher suites of TLS 1.2 in which the client encrypts the keys of the session to the server's RSA
// key: whoever has recorded the traffic and gets that key later can read everything. Some servers know nothing else
// (ServerCipherSet AES256-GCM-SHA384 without TLS 1.3), and the official client connects to them.
//
// Not among them are those with RC4 and 3DES, which are broken.
var exchangeRSA = []uint16{
	tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
}

// cipherSuites are what is offered for TLS 1.2. Their order on the wire is crypto/tls's own, in which those of
// exchangeRSA come last. Those of TLS 1.3 cannot be chosen, and all have forward secrecy.
var cipherSuites = func() []uint16 {
	var list []uint16
	for _, suite := range tls.CipherSuites() {
		if slices.Contains(suite.SupportedVersions, tls.VersionTLS12) && !slices.Contains(exchangeRSA, suite.ID) {
			list = append(list, suite.ID)
		}
	}
	return append(list, exchangeRSA...)
}()

// warnOfCipher warns of a channel whose keys hang on the server's RSA key.
func (d *dialer) warnOfCipher(c *control) {
	suite := c.tls.ConnectionState().CipherSuite
	if !slices.Contains(exchangeRSA, suite) {
		return
	}
	d.log.Warn("the channel has no forward secrecy: whoever records it and gets the server's private key later can read it",
		"server", c.addr, "cipher", tls.CipherSuiteName(suite),
		"remedy", "ask the administrator to switch on TLS 1.3 or to allow ECDHE (ServerCipherSet ECDHE-RSA-AES256-GCM-SHA384)")
}

// sharesNoCipher reports whether the server ended the handshake as servers do that find no cipher suite in the offer.
// They say no more than "handshake failure".
func sharesNoCipher(err error) bool {
	remote, ok := errors.AsType[*net.OpError](err)
	if !ok || remote.Op != "remote error" {
		return false
	}
	const handshakeFailure, insufficientSecurity = 40, 71 // RFC 5246 7.2
	why := remote.Err.Error()
	return why == tls.AlertError(handshakeFailure).Error() || why == tls.AlertError(insufficientSecurity).Error()
}
