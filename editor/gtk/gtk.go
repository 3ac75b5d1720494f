// SPDX-License-Identifier: Apache-2.0

// Package gtk uses the GTK of the process it is loaded into, version 3 or 4, through GtkBuilder and GObject
// properties only. It links neither. All of it belongs on the thread that runs GTK.
package gtk

// #cgo pkg-config: gio-2.0 gobject-2.0
// #cgo CFLAGS: -std=gnu11 -Wall
// #include <stdlib.h>
// #include "gtk.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// Version returns the major version of the GTK in this process, 0 if there is none.
func Version() int { return int(C.softether_gtk_version()) }

// A Builder holds the widgets of one page.
type Builder struct {
	p       C.gpointer
	objects map[string]Object
}

// Build makes the widgets described by a gzip file of GtkBuilder XML. domain is the gettext domain of its
// strings.
func Build(domain string, packed []byte) (*Builder, error) {
	d := C.CString(domain)
	defer C.free(unsafe.Pointer(d))
	var gerr *C.GError
	p := C.softether_builder_new(d, unsafe.Pointer(unsafe.SliceData(packed)), C.gssize(len(packed)), &gerr)
	if p == nil {
		if gerr == nil {
			return nil, errors.New("GtkBuilder fails without a reason")
		}
		defer C.g_error_free(gerr)
		return nil, errors.New(C.GoString((*C.char)(gerr.message)))
	}
	return &Builder{p: p, objects: map[string]Object{}}, nil
}

// Object returns the object with that ID. If there is none, the program is wrong, and it panics.
func (b *Builder) Object(id string) Object {
	if o, ok := b.objects[id]; ok {
		return o
	}
	s := C.CString(id)
	defer C.free(unsafe.Pointer(s))
	p := C.softether_builder_object(b.p, s)
	if p == nil {
		panic(fmt.Sprintf("the page has no object %q", id))
	}
	b.objects[id] = Object{p}
	return Object{p}
}

// Close releases the builder, and with it the objects, which then live only as long as somebody else holds
// them.
func (b *Builder) Close() { C.g_object_unref(b.p) }

// An Object is a widget. It is valid until the builder is closed.
type Object struct{ p *C.GObject }

// Pointer returns the GObject.
func (o Object) Pointer() unsafe.Pointer { return unsafe.Pointer(o.p) }

// SetString sets a property.
func (o Object) SetString(property, value string) {
	name, v := C.CString(property), C.CString(value)
	C.softether_set_string(o.p, name, v)
	C.free(unsafe.Pointer(name))
	C.free(unsafe.Pointer(v))
}

// SetOrClear sets a property, or makes it NULL if value is empty.
func (o Object) SetOrClear(property, value string) {
	if value != "" {
		o.SetString(property, value)
		return
	}
	name := C.CString(property)
	C.softether_set_string(o.p, name, nil)
	C.free(unsafe.Pointer(name))
}

// String returns a property, "" for NULL.
func (o Object) String(property string) string {
	name := C.CString(property)
	defer C.free(unsafe.Pointer(name))
	v := C.softether_get_string(o.p, name)
	defer C.g_free(C.gpointer(v))
	return C.GoString(v)
}

// SetBool sets a property.
func (o Object) SetBool(property string, value bool) {
	name := C.CString(property)
	defer C.free(unsafe.Pointer(name))
	v := C.gboolean(C.FALSE)
	if value {
		v = C.TRUE
	}
	C.softether_set_bool(o.p, name, v)
}

// Reveal scrolls this scrolled window until a child of the box in it is visible, once GTK has given that its
// new position.
func (o Object) Reveal(child Object) { C.softether_reveal(o.p, child.p) }

// Bool returns a property.
func (o Object) Bool(property string) bool {
	name := C.CString(property)
	defer C.free(unsafe.Pointer(name))
	return C.softether_get_bool(o.p, name) != 0
}
