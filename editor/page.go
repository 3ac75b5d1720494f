// SPDX-License-Identifier: Apache-2.0

package main

// #include <stdlib.h>
// #include "editor.h"
// #include "plugin.h"
import "C"

import (
	_ "embed"
	"errors"
	"path/filepath"
	"runtime/cgo"
	"unsafe"

	"network-manager-softether/editor/form"
	"network-manager-softether/editor/gtk"
	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// Compressed, as most programs that load the library show no page but have it in memory.
var (
	//go:embed page-gtk3.ui.gz
	pageGTK3 []byte
	//go:embed page-gtk4.ui.gz
	pageGTK4 []byte
)

// A page is one settings page on the screen.
type page struct {
	widgets *widgets
	form    *form.Form
	editor  *C.NMVpnEditor // borrowed: the page is the editor's
	filling bool           // present changes are not the person's doing
	touched bool           // the person has changed something
}

//export softetherNewEditor
func softetherNewEditor(connection *C.NMConnection, gerr **C.GError) (editor *C.NMVpnEditor) {
	defer guard(gerr)
	editor, err := newEditor(connection)
	if err != nil {
		fail(gerr, C.NM_CONNECTION_ERROR_FAILED, "SoftEther: "+err.Error())
	}
	return editor
}

func newEditor(connection *C.NMConnection) (*C.NMVpnEditor, error) {
	var packed []byte
	switch version := gtk.Version(); version {
	case 0:
		return nil, po.Error("the settings can only be edited in a graphical program; see nm-settings-softether(5) for the keys")
	case 3:
		packed = pageGTK3
	case 4:
		packed = pageGTK4
	default:
		return nil, po.Errorf("GTK %d is not supported", version)
	}
	builder, err := gtk.Build(po.Domain, packed)
	if err != nil {
		return nil, err
	}
	p := &page{filling: true, widgets: &widgets{builder: builder}}
	defer func() {
		if p.editor == nil { // something went wrong
			builder.Close()
		}
	}()
	p.widgets.collect()
	p.widgets.explain()
	values, userName := form.Values{}, ""
	if c, err := fromNM(connection); err == nil { // a new connection may have no VPN setting yet
		values, userName = form.Values{Data: c.Data, Secrets: c.Secrets}, c.UserName
	}
	p.form = form.New(p.widgets, values, userName)
	p.editor = C.softether_editor_new((*C.GObject)(builder.Object("page").Pointer()), C.uintptr_t(cgo.NewHandle(p)))
	p.watch()
	p.filling = false
	return p.editor, nil
}

// watch registers changed and choose. The number of an event is that of its field; a field's button has a
// negative one, and sections come after the fields.
func (p *page) watch() {
	on := func(o gtk.Object, signal string, what int) {
		s := C.CString(signal)
		defer C.free(unsafe.Pointer(s))
		C.softether_editor_watch(p.editor, (*C.GObject)(o.Pointer()), s, C.int(what))
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		on(p.widgets.object(f.Key), "notify::"+property(f.Shape), i)
		if f.Shape == form.File {
			on(p.widgets.object("choose-"+f.Key), "clicked", -1-i)
		}
	}
	on(p.widgets.object(form.ShowPasswords), "notify::active", len(form.Fields))
	for _, s := range form.Sections {
		if s.Title != "" {
			on(p.widgets.object(sectionID(s.Section)), "notify::expanded", len(form.Fields)+int(s.Section))
		}
	}
}

//export softetherEditorEvent
func softetherEditorEvent(handle C.uintptr_t, what C.int) {
	defer guard(nil)
	p := cgo.Handle(handle).Value().(*page)
	switch {
	case p.filling:
	case what < 0:
		p.choose(form.Fields[-1-int(what)])
	case int(what) > len(form.Fields):
		if section := form.Section(int(what) - len(form.Fields)); p.widgets.object(sectionID(section)).Bool("expanded") {
			p.widgets.object("scrolled").Reveal(p.widgets.object(groupID(section)))
		}
	default:
		p.filling, p.touched = true, true
		p.form.Changed()
		p.filling = false
		if int(what) < len(form.Fields) { // showing a password changes nothing
			C.softether_editor_emit_changed(p.editor)
		}
	}
}

// choose lets the person pick a file for a field.
func (p *page) choose(f form.Field) {
	near := p.widgets.object("choose-" + f.Key)
	gtk.ChooseFile(near, unsafe.Pointer(p.editor), f.Title(), func(path string) {
		defer guard(nil)
		if err := p.load(f.Key, path); err != nil {
			p.widgets.Tell(f.Key, f.Title()+": "+plain(err))
			return
		}
		p.widgets.Tell("", "")
		C.softether_editor_emit_changed(p.editor) // even if another file looks the same in the field
	})
}

// load reads a file into a field.
func (p *page) load(key, path string) error {
	limit := profile.Lookup(key).Max
	content, err := readRegular(path, limit+1)
	if errors.Is(err, errNotRegular) || len(content) > limit {
		return po.Errorf("%s is not a file, or is larger than %d bytes", filepath.Base(path), limit)
	}
	if err != nil {
		return err
	}
	return p.form.Load(key, path, string(content))
}

//export softetherEditorGone
func softetherEditorGone(handle C.uintptr_t) {
	defer guard(nil)
	p := cgo.Handle(handle).Value().(*page)
	cgo.Handle(handle).Delete()
	p.widgets.builder.Close()
}
