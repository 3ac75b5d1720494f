// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"net"
	"syscall"

	"network-manager-softether/protocol/proxy"
	"network-manager-softether/protocol/rudp/bulk"
)

// Hint returns what a person can do about err, in a sentence or two, or "" if there is nothing to suggest.
func Hint(err error) string {
	var (
		server *ServerError
		cert   *CertificateError
		mine   *UserCertError
		hop    *proxy.Error
		dns    *net.DNSError
	)
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, ErrClosed):
		return ""
	case errors.As(err, &server):
		return server.Code.Text()
	case errors.As(err, &cert):
		return cert.hint()
	case errors.As(err, &mine):
		return mine.hint()
	case errors.As(err, &hop):
		return proxyCode(hop).Text()
	case errors.Is(err, ErrConfig):
		return "Correct the connection's settings."
	case errors.Is(err, ErrNotSoftEther):
		return CodeServerIsNotVPN.Text()
	case errors.Is(err, ErrNoEncryption):
		return "The server would send the tunnel's data unencrypted. Ask its administrator to allow encryption."
	case errors.Is(err, bulk.ErrGrant):
		return "Set udp-acceleration=no to do without these datagrams, or v1 to allow the weak cipher of old servers."
	case errors.Is(err, ErrRedirectLoop):
		return "The servers of the cluster redirect the connection to each other without end. Tell the administrator."
	case sharesNoCipher(err):
		return "The server shares no cipher with this computer: it may offer only DHE, RC4 or 3DES, which are not possible here. Its administrator has to switch on TLS 1.3 or allow ECDHE (ServerCipherSet ECDHE-RSA-AES256-GCM-SHA384)."
	case errors.Is(err, ErrTLS):
		return CodeHandshake.Text()
	case errors.As(err, &dns) && dns.IsNotFound:
		return "There is no such host name. Check the server's name for typing errors."
	case errors.As(err, &dns):
		return "The server's name could not be looked up. Check this computer's network and DNS."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens on that port. Check the port (usual ones: 443, 992, 1194, 5555) and whether the server runs."
	case errors.Is(err, ErrUnreachable):
		return CodeConnectFailed.Text()
	case errors.Is(err, ErrTimeout):
		return "The server did not answer in time. Check address and port; a firewall may be blocking the traffic."
	case errors.Is(err, ErrMalformed):
		return CodeProtocolError.Text()
	case errors.Is(err, ErrLost):
		return CodeDisconnected.Text()
	}
	return ""
}

func (e *CertificateError) hint() string {
	pin := "server-cert-sha256=" + e.Fingerprint()
	switch e.Reason {
	case CertExpired, CertNotYetValid:
		return CodeServerCertExpired.Text()
	case CertWrongName:
		return "Use the name in the certificate, or compare the fingerprint with the administrator's and pin it: " + pin
	case CertPinChanged:
		return "Either the server has a new certificate or somebody is in between. Ask the administrator for the new fingerprint; only if it is the same, set " + pin
	case CertMemberDiffer:
		return "Somebody may be in between, or the cluster is set up wrongly. Ask the administrator."
	default:
		return "Compare the fingerprint with the administrator's and pin it: " + pin + "; or set ca to the authority that issued it."
	}
}

// Classify returns which part of a connection err concerns and whether a new [Dial] without a person makes
// sense.
func Classify(err error) (Kind, Retry) {
	var (
		server *ServerError
		cert   *CertificateError
		mine   *UserCertError
		hop    *proxy.Error
		step   *Error
	)
	switch {
	case errors.As(err, &mine):
		return KindLogin, RetryNo
	case errors.As(err, &hop) && !errors.Is(err, context.Canceled):
		code := proxyCode(hop)
		return code.Kind(), code.Retry()
	case errors.Is(err, ErrConfig), errors.Is(err, context.Canceled), errors.Is(err, ErrClosed):
		return KindLocal, RetryNo
	case errors.As(err, &server):
		return server.Code.Kind(), server.Code.Retry()
	case errors.As(err, &cert) && cert.Reason == CertMemberDiffer:
		// Not necessarily the server's last word: a full login decides it anew.
		return KindConnect, RetryNormal
	case errors.As(err, &cert), errors.Is(err, ErrNoEncryption), errors.Is(err, bulk.ErrGrant):
		return KindConnect, RetryNo
	case errors.As(err, &step) && step.Op == "re-attach":
		return KindConnect, RetryNow
	}
	return KindConnect, RetryNormal
}
