// SPDX-License-Identifier: Apache-2.0

// Package usercert reads a user's certificate and private key from the formats they
// come in: PEM, with the key plain, as encrypted PKCS #8 (PBES2, RFC 8018) or in the
// older encrypted form of OpenSSL, DER, and PKCS #12.
//
// It reads bytes, not files, and judges neither dates nor the length of keys: package protocol does. What the
// bytes may demand is bounded, because they can come from anybody and the service is root: a key derivation
// that costs more time or memory than that of any real file is refused before it begins.
package usercert
