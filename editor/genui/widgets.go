// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"network-manager-softether/editor/form"
	"network-manager-softether/profile"
)

func (p *page) label(f *form.Field) {
	p.object("GtkLabel", "label-"+f.Key, func() {
		p.fieldMayGo(f)
		p.text("label", f.Label)
		p.property("use-underline", "True")
		p.property("mnemonic-widget", f.Key)
		p.property("xalign", "0")
	})
}

// pair writes two fields in one row, the second of them short.
func (p *page) pair(f, beside *form.Field) {
	p.object("GtkBox", "", func() {
		p.property("spacing", "12")
		p.child(func() { p.field(f) })
		p.child(func() { p.label(beside) })
		p.child(func() { p.field(beside) })
	})
}

func (p *page) field(f *form.Field) {
	entry := func() {
		p.fieldMayGo(f)
		if f.Beside {
			p.property("width-chars", "8")
			p.property("max-width-chars", "8")
		} else {
			p.property("hexpand", "True")
		}
		p.property("activates-default", "True")
		// Placeholder and error mark are set by the library.
	}
	switch f.Shape {
	case form.Entry:
		p.object("GtkEntry", f.Key, entry)
	case form.Password:
		p.object("GtkEntry", f.Key, func() {
			entry()
			p.property("visibility", "False")
			p.property("input-purpose", "password")
		})
	case form.Check:
		p.object("GtkCheckButton", f.Key, func() {
			p.fieldMayGo(f)
			p.text("label", f.Label)
			p.property("use-underline", "True")
		})
	case form.Combo:
		p.object("GtkComboBoxText", f.Key, func() {
			p.fieldMayGo(f)
			p.property("hexpand", "True")
			p.words(f)
			if f.Explained() {
				p.relation("described-by", noteID(f))
			}
		})
	case form.Editable:
		p.object("GtkComboBoxText", "box-"+f.Key, func() {
			p.fieldMayGo(f)
			p.property("has-entry", "True")
			p.words(f)
			p.line(`<child internal-child="entry">`)
			p.in(func() { p.object("GtkEntry", f.Key, entry) })
			p.line(`</child>`)
		})
	case form.File:
		p.object("GtkBox", "box-"+f.Key, func() {
			p.fieldMayGo(f)
			p.property("spacing", "6")
			p.child(func() { p.object("GtkEntry", f.Key, entry) })
			p.child(func() {
				p.object("GtkButton", "choose-"+f.Key, func() {
					p.text("label", "Choose…")
					p.text("tooltip-text", forms(f))
					p.relation("labelled-by", "label-"+f.Key) // there are several of these buttons
				})
			})
		})
	}
}

// comesAndGoes is for a widget that the library shows and hides. Hosts with GTK 3 call gtk_widget_show_all,
// which would otherwise show it in any case.
func (p *page) comesAndGoes() {
	if p.gtk == 3 {
		p.property("no-show-all", "True")
	}
}

func (p *page) fieldMayGo(f *form.Field) {
	if f.When != nil {
		p.comesAndGoes()
	}
}

func noteID(f *form.Field) string { return "note-" + f.Key }

// note explains the choice.
func (p *page) note(f *form.Field) {
	p.object("GtkLabel", noteID(f), func() {
		p.fieldMayGo(f)
		p.property("wrap", "True")
		p.property("xalign", "0")
		p.property("width-chars", "30")
		p.property("max-width-chars", "46")
		p.line(`<style><class name="dim-label"/></style>`)
	})
}

func (p *page) words(f *form.Field) {
	p.line("<items>")
	p.in(func() {
		for _, w := range f.Words {
			p.line(fmt.Sprintf(`<item id="%s" translatable="yes">%s</item>`, escape(w.Value), escape(w.Label)))
		}
	})
	p.line("</items>")
}

// forms returns which files a field accepts.
func forms(f *form.Field) string {
	if f.Key == profile.KeyCert {
		return "Choose a PEM, DER or PKCS#12 file"
	}
	return "Choose a PEM or DER file"
}

// relation tells assistive technology of a label that belongs to a widget without being its mnemonic label.
func (p *page) relation(kind, label string) {
	relation := `<relation name="` + kind + `">` + label + `</relation>`
	if p.gtk == 3 {
		relation = `<relation type="` + kind + `" target="` + label + `"/>`
	}
	p.line(`<accessibility>` + relation + `</accessibility>`)
}
