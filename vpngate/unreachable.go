// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"

	"network-manager-softether/po"
)

// unreachable returns why a request to host failed, for a person who may be offline or whose network blocks
// it. Go's own message is in English, and made for programmers.
func unreachable(host string, err error) error {
	if own, ok := errors.AsType[po.Message](err); ok { // see checkRedirect
		return own
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return po.Errorf(textErrProxy, po.T(reason(op.Err)))
	}
	if why := reason(err); why != "" {
		return po.Errorf(textErrReach, shown(host, maxWord), po.T(why))
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return po.Errorf(textErrFetch, err)
}

// reason returns the text for what is wrong, "" if there is none for it.
func reason(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var wait net.Error
	switch {
	case errors.As(err, &name):
		return textWhyName
	case errors.As(err, &certificate):
		return textWhyCertificate
	case errors.Is(err, syscall.ECONNREFUSED):
		return textWhyRefused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EADDRNOTAVAIL):
		return textWhyNetwork
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return textWhyClosed
	case errors.As(err, &wait) && wait.Timeout():
		return textWhySilent
	}
	return ""
}
