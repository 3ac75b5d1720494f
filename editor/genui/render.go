// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"network-manager-softether/editor/form"
	"network-manager-softether/profile"
)

// A page is XML in the making.
type page struct {
	b      strings.Builder
	gtk    int
	indent int
	layout func() // writes the place of the next object, if it stands in a grid of GTK 4
}

// render returns the whole file. The two versions differ in a few words only: how a widget says its place in a grid,
// and that GTK 3 hides what is not told to be visible.
func render(gtk int) string {
	p := &page{gtk: gtk}
	p.line(`<?xml version="1.0" encoding="UTF-8"?>`)
	p.line(`<!-- SPDX-License-Identifier: Apache-2.0 -->`)
	p.line(`<!-- Generated from editor/form by "go generate ./editor/form". Do not edit. -->`)
	p.line(`<interface domain="network-manager-softether">`)
	p.in(func() {
		if gtk == 3 {
			p.line(`<requires lib="gtk+" version="3.20"/>`)
		} else {
			p.line(`<requires lib="gtk" version="4.0"/>`)
		}
		p.object("GtkBox", "page", func() {
			p.property("orientation", "vertical")
			p.child(p.scrolled)
			p.child(p.problem)
		})
	})
	p.line(`</interface>`)
	return p.b.String()
}

func (p *page) scrolled() {
	p.object("GtkScrolledWindow", "", func() {
		p.property("vexpand", "True")
		p.property("hscrollbar-policy", "never")
		p.property("propagate-natural-height", "True")
		p.property("max-content-height", "400") // leaves room for the window's own parts on a screen of 600 lines
		p.child(func() {
			p.object("GtkViewport", "", func() { p.child(p.body) })
		})
	})
}

// problem is what is wrong with the input. It does not scroll away.
func (p *page) problem() {
	p.object("GtkLabel", "problem", func() {
		p.comesAndGoes()
		p.property("wrap", "True")
		p.property("xalign", "0")
		p.property("max-width-chars", "60")
		p.property("selectable", "True")
		for _, side := range []string{"start", "end", "top", "bottom"} {
			p.property("margin-"+side, "12")
		}
		p.line(`<style><class name="error"/></style>`)
	})
}

func (p *page) body() {
	p.object("GtkBox", "", func() {
		p.property("orientation", "vertical")
		p.property("spacing", "12")
		for _, side := range []string{"start", "end", "top", "bottom"} {
			p.property("margin-"+side, "12")
		}
		for _, s := range form.Sections {
			p.child(func() {
				if s.Title == "" {
					p.grid(s.Section)
					return
				}
				p.object("GtkExpander", fmt.Sprintf("section-%d", s.Section), func() {
					p.text("label", s.Title)
					p.property("use-underline", "True")
					p.child(func() { p.grid(s.Section) })
				})
			})
		}
	})
}

func (p *page) grid(section form.Section) {
	p.object("GtkGrid", "", func() {
		p.property("row-spacing", "6")
		p.property("column-spacing", "12")
		if section != form.Identity {
			p.property("margin-start", "12")
			p.property("margin-top", "6")
		}
		row := 0
		for i := range form.Fields {
			f := &form.Fields[i]
			if f.Section != section {
				continue
			}
			if f.Shape != form.Check {
				p.cell(0, row, func() { p.label(f) })
				p.cell(1, row, func() { p.field(f) })
			} else {
				p.cell(1, row, func() { p.field(f) })
			}
			row++
		}
		if section == form.Identity {
			p.cell(1, row, func() {
				p.object("GtkCheckButton", form.ShowPasswords, func() {
					p.comesAndGoes()
					p.text("label", "Show _passwords")
					p.property("use-underline", "True")
				})
			})
		}
	})
}

func (p *page) label(f *form.Field) {
	p.object("GtkLabel", "label-"+f.Key, func() {
		p.fieldMayGo(f)
		p.text("label", f.Label)
		p.property("use-underline", "True")
		p.property("mnemonic-widget", f.Key)
		p.property("xalign", "0")
	})
}

func (p *page) field(f *form.Field) {
	k := profile.Lookup(f.Key)
	entry := func() {
		p.fieldMayGo(f)
		p.property("hexpand", "True")
		p.property("activates-default", "True")
		if k.Default != "" {
			p.property("placeholder-text", k.Default)
		}
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
			p.line("<items>")
			p.in(func() {
				for _, w := range f.Words {
					p.line(fmt.Sprintf(`<item id="%s" translatable="yes">%s</item>`, escape(w.Value), escape(w.Label)))
				}
			})
			p.line("</items>")
		})
	case form.File:
		p.object("GtkBox", "box-"+f.Key, func() {
			p.fieldMayGo(f)
			p.property("spacing", "6")
			p.child(func() { p.object("GtkEntry", f.Key, entry) })
			p.child(func() {
				p.object("GtkButton", "choose-"+f.Key, func() {
					p.text("label", "Choose…")
					p.text("tooltip-text", "Read a PEM file into the connection")
					p.labelledBy("label-" + f.Key) // there are several of these buttons
				})
			})
		})
	}
}

// comesAndGoes is for a widget that the library shows and hides. Hosts with GTK 3 call gtk_widget_show_all, which would
// show it whatever the library says.
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

// labelledBy tells assistive technology which label belongs to a widget that is not its mnemonic widget.
func (p *page) labelledBy(label string) {
	relation := `<relation name="labelled-by">` + label + `</relation>`
	if p.gtk == 3 {
		relation = `<relation type="labelled-by" target="` + label + `"/>`
	}
	p.line(`<accessibility>` + relation + `</accessibility>`)
}
