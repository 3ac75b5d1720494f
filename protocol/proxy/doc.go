// SPDX-License-Identifier: Apache-2.0

// Package proxy asks a proxy for a TCP connection to a server: HTTP CONNECT
// (RFC 9110 9.3.6) with basic (RFC 7617) and digest (RFC 7616) authentication,
// SOCKS4, SOCKS4a and SOCKS5 (RFC 1928) with user name and password (RFC 1929).
//
// The caller opens the TCP connection to the proxy; a [Proxy] conducts the dialogue on it, within [Limit] and
// the caller's context, and reads not a single byte more than the proxy's answer. Names are looked up by the
// proxy, not here. Every error of a dialogue is an [*Error] that says whose fault it is.
//
// SOCKS5 does not come from golang.org/x/net/proxy, although that can work on an open connection: its errors
// are plain texts, so a refused password, which has to be asked for again, looks the same as a server that
// the proxy cannot reach; it rejects proxies that answer a password with SOCKS's version instead of RFC
// 1929's; and SOCKS4 would have to stay here anyway.
//
// # Passwords
//
// An HTTP proxy is first asked without credentials. If it wants some, the strongest scheme that it offers is
// answered, and from then on used straight away: digest with SHA-512/256 or SHA-256, digest with MD5, basic.
// Basic and SOCKS5 show the password to everybody between here and the proxy; they have no other way.
package proxy
