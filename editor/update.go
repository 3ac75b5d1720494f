// SPDX-License-Identifier: Apache-2.0

package main

// #include <stdlib.h>
// #include "editor.h"
// #include "plugin.h"
import "C"

import (
	"errors"
	"runtime/cgo"
	"unsafe"

	"network-manager-softether/editor/form"
	"network-manager-softether/profile"
)

//export softetherEditorUpdate
func softetherEditorUpdate(handle C.uintptr_t, connection *C.NMConnection, gerr **C.GError) (done C.gboolean) {
	defer guard(gerr)
	p := cgo.Handle(handle).Value().(*page)
	if err := p.update(connection); err != nil {
		code := C.int(C.NM_CONNECTION_ERROR_INVALID_PROPERTY)
		if _, missing := errors.AsType[*profile.MissingError](err); missing {
			code = C.NM_CONNECTION_ERROR_MISSING_PROPERTY
		}
		fail(gerr, code, err.Error())
		return C.FALSE
	}
	return C.TRUE
}

// update writes the page into a connection, faulty values included, as hosts ask again before they save.
func (p *page) update(connection *C.NMConnection) error {
	vpn := C.nm_connection_get_setting_vpn(connection)
	if vpn == nil || C.GoString(C.nm_setting_vpn_get_service_type(vpn)) != profile.ServiceType {
		vpn = C.softether_vpn_add(connection)
	}
	c, err := fromNM(connection)
	if err != nil {
		return err
	}
	before := form.Values{Data: c.Data, Secrets: c.Secrets}
	after := p.form.Apply(before)
	write(before.Data, after.Data,
		func(k, v *C.char) { C.nm_setting_vpn_add_data_item(vpn, k, v) },
		func(k *C.char) { C.nm_setting_vpn_remove_data_item(vpn, k) })
	write(before.Secrets, after.Secrets,
		func(k, v *C.char) { C.nm_setting_vpn_add_secret(vpn, k, v) },
		func(k *C.char) { C.nm_setting_vpn_remove_secret(vpn, k) })
	C.softether_names(connection, profile.FullDNSPriority)
	// A section that unfolds scrolls into view, except while the person is typing elsewhere.
	p.filling = p.touched
	defer func() { p.filling = false }()
	return p.form.Check(after, profile.Source{
		ID: c.ID, UUID: C.GoString(C.nm_connection_get_uuid(connection)), UserName: c.UserName,
	})
}

// write makes the items of a setting match after.
func write(before, after map[string]string, add func(k, v *C.char), remove func(k *C.char)) {
	for key := range before {
		if _, ok := after[key]; !ok {
			k := C.CString(key)
			remove(k)
			C.free(unsafe.Pointer(k))
		}
	}
	for key, value := range after {
		if old, ok := before[key]; !ok || old != value {
			twoStrings(key, value, add)
		}
	}
}
