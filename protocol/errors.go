// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"network-manager-softether/protocol/internal/datapath"
)

// What an [*Error] may wrap, besides *ServerError, *CertificateError and errors
// of the operating system.
var (
	// ErrNotSoftEther: whatever answered does not speak the SoftEther protocol.
	ErrNotSoftEther = errors.New("not a SoftEther VPN server")
	// ErrMalformed: a SoftEther server violated the protocol.
	ErrMalformed = datapath.ErrMalformed
	// ErrTLS: the TLS handshake failed for another reason than the certificate.
	ErrTLS = errors.New("TLS handshake failed")
	// ErrTimeout: no answer in time.
	ErrTimeout = datapath.ErrTimeout
	// ErrClosed: the session was closed by [Session.Close].
	ErrClosed = errors.New("session closed")
	// ErrNoEncryption: the server would send everything after the login in the clear.
	ErrNoEncryption = errors.New("server refused encryption")
	// ErrRedirectLoop: a cluster sends us from member to member.
	ErrRedirectLoop = errors.New("redirected too often")
	// ErrUnreachable: there is no address, or none that accepts a TCP connection.
	ErrUnreachable = errors.New("server unreachable")
	// ErrConfig: a value in [Config] cannot be used.
	ErrConfig = errors.New("unusable configuration")
	// ErrLost: the connection broke or fell silent.
	ErrLost = datapath.ErrLost
)

// An Error says which step failed, with which address, and why.
type Error struct {
	Op   string // "resolve", "connect", "proxy", "TLS", "hello", "login", "redirect", "session", "re-attach"
	Addr string // host:port, as far as it was known
	Err  error
}

var (
	_ error = (*Error)(nil)
	_ error = (*ServerError)(nil)
	_ error = (*CertificateError)(nil)
)

// Error names step, address and cause.
func (e *Error) Error() string {
	if e.Addr == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s %s: %v", e.Op, e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A ServerError is the server's own refusal.
type ServerError struct {
	Code ErrorCode
	// NoSavePassword: the user's policy forbids storing the password. Ask again.
	NoSavePassword bool
}

// Error names the code; [ErrorCode.Text] says what it means.
func (e *ServerError) Error() string {
	return fmt.Sprintf("server answered with error %d, %s", uint32(e.Code), e.Code)
}

// A CertReason is why a certificate was refused.
type CertReason uint8

// The reasons, from the most to the least common.
const (
	CertUntrusted    CertReason = iota // issued by nobody we trust
	CertSelfSigned                     // the same, and it is its own issuer
	CertWrongName                      // valid, but for other host names
	CertExpired                        // no longer valid
	CertNotYetValid                    // not valid yet
	CertPinChanged                     // not the pinned one
	CertPinMissing                     // only a pin is to be trusted, and there is none
	CertMemberDiffer                   // not the one that the controller named or the first connection showed
)

// String returns the reason as the middle of a sentence.
func (r CertReason) String() string {
	switch r {
	case CertUntrusted:
		return "is issued by an authority that is not trusted"
	case CertSelfSigned:
		return "is self-signed"
	case CertWrongName:
		return "is for another host name"
	case CertExpired:
		return "has expired"
	case CertNotYetValid:
		return "is not valid yet"
	case CertPinChanged:
		return "is not the pinned one"
	case CertPinMissing:
		return "is not pinned"
	case CertMemberDiffer:
		return "is not the one this connection has to show"
	}
	return fmt.Sprintf("is refused (reason %d)", uint8(r))
}

// A CertificateError is a server certificate that was refused, before anything
// secret was sent.
type CertificateError struct {
	Host   string // what it had to be valid for
	Leaf   *x509.Certificate
	SHA256 [32]byte // of the leaf's DER
	Reason CertReason
	Err    error // detail from crypto/x509; may be nil
}

// Error names host, reason and fingerprint.
func (e *CertificateError) Error() string {
	s := fmt.Sprintf("certificate of %s %s (SHA-256 %s)", e.Host, e.Reason, e.Fingerprint())
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Fingerprint returns the SHA-256 as openssl writes it: D2:EF:…
func (e *CertificateError) Fingerprint() string {
	return strings.ReplaceAll(fmt.Sprintf("% X", e.SHA256[:]), " ", ":")
}

// Unwrap returns the detail.
func (e *CertificateError) Unwrap() error { return e.Err }

// opError makes the error of a step. It keeps an error that already is an *Error, reports every kind of
// lateness as ErrTimeout, and prefers the reason why ctx ended to the closed connection that resulted from
// it.
func opError(ctx context.Context, op, addr string, err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = context.Cause(ctx)
	}
	if isTimeout(err) && !errors.Is(err, ErrTimeout) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return &Error{Op: op, Addr: addr, Err: err}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &ne) && ne.Timeout()
}
