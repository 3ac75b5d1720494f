// SPDX-License-Identifier: Apache-2.0

package main

/*
#cgo pkg-config: glib-2.0
#include <glib.h>
*/
import "C"

import "unsafe"

// What every host already has in its GLib is taken from there: Go's own would be in the memory of each of
// them.

// fingerprint returns the SHA-256 of a certificate.
func fingerprint(der []byte) (sum [32]byte) {
	c := C.g_checksum_new(C.G_CHECKSUM_SHA256)
	defer C.g_checksum_free(c)
	C.g_checksum_update(c, (*C.guchar)(unsafe.SliceData(der)), C.gssize(len(der)))
	n := C.gsize(len(sum))
	C.g_checksum_get_digest(c, (*C.guint8)(&sum[0]), &n)
	return sum
}

// isWide reports whether a character takes two columns (Unicode UAX #11).
func isWide(r rune) bool {
	const hangulJamo = 0x1100 // none before it does, and most texts have only those
	return r >= hangulJamo && C.g_unichar_iswide(C.gunichar(r)) != 0
}
