// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
)

// exchangeRSA are the TLS 1.2 cipher suites in which the client encrypts the session's secret to the server's
// RSA key: whoever has recorded the traffic and later gets that key can read all of it. Some servers offer
// nothing else (ServerCipherSet AES256-GCM-SHA384 without TLS 1.3), and the official client connects to them.
//
// Suites with RC4 and 3DES, which are broken, are not among them.
var exchangeRSA = []uint16{
	tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
}

// cipherSuites is what is offered for TLS 1.2. Their order on the wire is crypto/tls's own, which puts those
// of exchangeRSA last. The suites of TLS 1.3 cannot be chosen, and all of them have forward secrecy.
var cipherSuites = func() []uint16 {
	var list []uint16
	for _, suite := range tls.CipherSuites() {
		if slices.Contains(suite.SupportedVersions, tls.VersionTLS12) && !slices.Contains(exchangeRSA, suite.ID) {
			list = append(list, suite.ID)
		}
	}
	return append(list, exchangeRSA...)
}()

// warnOfCipher warns of a channel whose secrecy depends on the server's RSA key.
func (d *dialer) warnOfCipher(c *control) {
	suite := c.tls.ConnectionState().CipherSuite
	if !slices.Contains(exchangeRSA, suite) {
		return
	}
	d.log.Warn("the channel has no forward secrecy: whoever records it and gets the server's private key later can read it",
		"server", c.addr, "cipher", tls.CipherSuiteName(suite),
		"remedy", "ask the administrator to switch on TLS 1.3 or to allow ECDHE (ServerCipherSet ECDHE-RSA-AES256-GCM-SHA384)")
}

// sharesNoCipher reports whether the server ended the handshake the way servers do when no offered cipher
// suite suits them. All they say is "handshake failure".
func sharesNoCipher(err error) bool {
	remote, ok := errors.AsType[*net.OpError](err)
	if !ok || remote.Op != "remote error" {
		return false
	}
	const handshakeFailure, insufficientSecurity = 40, 71 // RFC 5246 7.2
	why := remote.Err.Error()
	return why == tls.AlertError(handshakeFailure).Error() || why == tls.AlertError(insufficientSecurity).Error()
}
