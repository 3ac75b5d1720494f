// SPDX-License-Identifier: Apache-2.0

package main

/*
#cgo pkg-config: libnm
#cgo CFLAGS: -std=gnu11 -Wall -Wno-deprecated-declarations
#include <stdlib.h>
#include "plugin.h"
*/
import "C"

import (
	"unsafe"

	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/profile/vpnfile"
)

func main() {} // a library has none, but buildmode c-shared wants it

// guard turns a panic into an error for the host. It must be deferred first in every exported function: a
// panic that leaves Go ends the host's process.
func guard(gerr **C.GError) {
	if p := recover(); p != nil {
		fail(gerr, C.NM_CONNECTION_ERROR_FAILED, po.F("internal error in the SoftEther plugin: %v", p))
	}
}

// fail sets a GError. gerr may be nil, as callers of GLib functions need not want to know.
func fail(gerr **C.GError, code C.int, text string) {
	s := C.CString(text)
	C.softether_set_error(gerr, code, s)
	C.free(unsafe.Pointer(s))
}

// say shows the person where an import or export deviates from the file or the connection.
func say(what string, warnings []profile.Warning) {
	for _, w := range warnings {
		s := C.CString(what + ": " + w.String())
		C.softether_say(s)
		C.free(unsafe.Pointer(s))
	}
}

//export softetherImport
func softetherImport(path *C.char, gerr **C.GError) (connection *C.NMConnection) {
	defer guard(gerr)
	name := C.GoString(path)
	c, warnings, err := importFile(name)
	if err != nil {
		fail(gerr, C.NM_CONNECTION_ERROR_FAILED, plain(err))
		return nil
	}
	say(po.F("importing %s", name), warnings)
	vpn := (*C.NMSettingVpn)(unsafe.Pointer(C.nm_setting_vpn_new()))
	for key, value := range c.Data {
		twoStrings(key, value, func(k, v *C.char) { C.nm_setting_vpn_add_data_item(vpn, k, v) })
	}
	for key, value := range c.Secrets {
		twoStrings(key, value, func(k, v *C.char) { C.nm_setting_vpn_add_secret(vpn, k, v) })
	}
	id := C.CString(c.ID)
	defer C.free(unsafe.Pointer(id))
	connection = C.softether_connection_new(id, vpn)
	C.softether_names(connection, profile.FullDNSPriority)
	if c.Gate {
		C.softether_gate(connection)
	}
	return connection
}

//export softetherExport
func softetherExport(path *C.char, connection *C.NMConnection, gerr **C.GError) (done C.gboolean) {
	defer guard(gerr)
	c, err := fromNM(connection)
	if err == nil {
		var warnings []profile.Warning
		if warnings, err = exportFile(C.GoString(path), c); err == nil {
			say(po.F("exporting %s", c.ID), warnings)
			return C.TRUE
		}
	}
	fail(gerr, C.NM_CONNECTION_ERROR_FAILED, plain(err))
	return C.FALSE
}

//export softetherFileName
func softetherFileName(connection *C.NMConnection) (name *C.char) {
	defer guard(nil)
	s := C.CString(fileName(C.GoString(C.nm_connection_get_id(connection))))
	defer C.free(unsafe.Pointer(s))
	return C.g_strdup(s) // the host frees it with g_free
}

// fromNM copies what matters of a connection.
func fromNM(connection *C.NMConnection) (*vpnfile.Connection, error) {
	vpn := C.nm_connection_get_setting_vpn(connection)
	if vpn == nil {
		return nil, po.Error("this is not a VPN connection")
	}
	if service := C.GoString(C.nm_setting_vpn_get_service_type(vpn)); service != profile.ServiceType {
		return nil, po.Errorf("this connection is for %s, not for SoftEther", service)
	}
	c := &vpnfile.Connection{
		ID:       C.GoString(C.nm_connection_get_id(connection)),
		UserName: C.GoString(C.nm_setting_vpn_get_user_name(vpn)),
		Data:     map[string]string{}, Secrets: map[string]string{},
	}
	var n C.guint
	for _, key := range names(C.nm_setting_vpn_get_data_keys(vpn, &n), &n) {
		c.Data[C.GoString(key)] = C.GoString(C.nm_setting_vpn_get_data_item(vpn, key))
	}
	for _, key := range names(C.nm_setting_vpn_get_secret_keys(vpn, &n), &n) {
		c.Secrets[C.GoString(key)] = C.GoString(C.nm_setting_vpn_get_secret(vpn, key))
	}
	return c, nil
}

// names copies an array of n borrowed strings and frees the array.
func names(list **C.char, n *C.guint) []*C.char {
	defer C.g_free(C.gpointer(list))
	return append([]*C.char(nil), unsafe.Slice(list, *n)...)
}

func twoStrings(a, b string, f func(a, b *C.char)) {
	ca, cb := C.CString(a), C.CString(b)
	f(ca, cb)
	C.free(unsafe.Pointer(ca))
	C.free(unsafe.Pointer(cb))
}
