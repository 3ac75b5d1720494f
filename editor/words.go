// SPDX-License-Identifier: Apache-2.0

package main

// #include <stdlib.h>
// #include <libintl.h>
// #include "plugin.h"
import "C"

import (
	"unsafe"

	"network-manager-softether/po"
)

// description is what a settings program shows below the name.
//
//po:extract values
const description = "Compatible with SoftEther VPN servers and VPN Gate."

// init makes the texts of this library those of its host, which has set the locale; GtkBuilder asks GLib as
// well.
func init() {
	domain, dir, codeset := C.CString(po.Domain), C.CString(po.Dir()), C.CString("UTF-8")
	C.bindtextdomain(domain, dir) // both keep copies
	C.bind_textdomain_codeset(domain, codeset)
	for _, s := range []*C.char{domain, dir, codeset} {
		C.free(unsafe.Pointer(s))
	}
	po.Use(host{})
}

// host is the catalog of the C library. GLib's functions, unlike the C library's own, stay with English if
// the host itself has no translation, so that one window does not mix two languages.
type host struct{}

func (host) Get(id string) string {
	d, i := C.CString(po.Domain), C.CString(id)
	defer C.free(unsafe.Pointer(d))
	defer C.free(unsafe.Pointer(i))
	return C.GoString((*C.char)(C.g_dgettext(d, i)))
}

func (host) GetN(one, many string, n int) string {
	d, o, m := C.CString(po.Domain), C.CString(one), C.CString(many)
	defer C.free(unsafe.Pointer(d))
	defer C.free(unsafe.Pointer(o))
	defer C.free(unsafe.Pointer(m))
	return C.GoString((*C.char)(C.g_dngettext(d, o, m, C.gulong(n))))
}

//export softetherDescription
func softetherDescription() (text *C.char) {
	defer guard(nil)
	s := C.CString(po.T(description))
	defer C.free(unsafe.Pointer(s))
	return C.g_strdup(s) // the caller frees it with g_free
}
