// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"network-manager-softether/editor/form"
)

// A page is XML being written.
type page struct {
	b      strings.Builder
	gtk    int
	indent int
	layout func() // writes the position of the next object, if it is in a grid of GTK 4
	bound  bool   // the next object's visibility follows another property
}

// render returns the whole file. The two versions differ in few words only: how a widget states its position
// in a grid, and that GTK 3 hides everything that is not made visible explicitly.
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
	p.object("GtkScrolledWindow", "scrolled", func() {
		p.property("vexpand", "True")
		p.property("hscrollbar-policy", "never")
		// People must see that there is more further down. GTK 4 does not reserve room for a scroll bar that
		// comes and goes, which then covers the fields.
		p.property("vscrollbar-policy", "always")
		p.property("overlay-scrolling", "False")
		p.property("propagate-natural-height", "True")
		p.property("max-content-height", "360") // leaves room for the window's own parts on a screen of 600 pixels
		p.child(p.body)                         // GTK puts it into a viewport that follows the keyboard focus
	})
}

// problem is what is wrong with the input. It does not scroll away, and always takes the same space, so that
// the form keeps its height.
func (p *page) problem() {
	p.object("GtkLabel", "problem", func() {
		p.property("height-request", "34") // two lines
		p.property("yalign", "0")
		p.property("wrap", "True")
		p.property("xalign", "0")
		p.property("max-width-chars", "60")
		p.property("lines", "2") // the tooltip has all of it
		p.property("ellipsize", "end")
		for _, side := range []string{"start", "end"} {
			p.property("margin-"+side, "12")
		}
		p.property("margin-top", "6")
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
				p.section(s.Section, s.Title)
			})
		}
	})
}

func sectionID(s form.Section) string { return fmt.Sprintf("section-%d", s) }

// section is a heading and the fields that it expands. In GTK 3 the fields are next to the expander: the Tab
// key still reaches what is collapsed inside one, and an expander as wide as the page has its heading on the
// wrong side in right-to-left languages.
func (p *page) section(section form.Section, title string) {
	p.object("GtkBox", fmt.Sprintf("group-%d", section), func() {
		p.property("orientation", "vertical")
		p.child(func() {
			p.object("GtkExpander", sectionID(section), func() {
				p.text("label", title)
				p.property("use-underline", "True")
				if p.gtk == 3 {
					p.property("halign", "start")
				} else {
					p.child(func() { p.grid(section) })
				}
			})
		})
		if p.gtk == 3 {
			p.bound = true
			p.child(func() { p.grid(section) })
		}
	})
}

func (p *page) grid(section form.Section) {
	bound := p.bound
	p.object("GtkGrid", "", func() {
		if bound {
			p.property("no-show-all", "True")
			p.line(`<property name="visible" bind-source="` + sectionID(section) + `" bind-property="expanded" bind-flags="sync-create"/>`)
		}
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
			if f.Beside {
				continue
			}
			if f.Shape != form.Check {
				p.cell(0, row, func() { p.label(f) })
			}
			p.cell(1, row, func() {
				if i+1 < len(form.Fields) && form.Fields[i+1].Beside {
					p.pair(f, &form.Fields[i+1])
				} else {
					p.field(f)
				}
			})
			row++
			if f.Explained() {
				p.cell(1, row, func() { p.note(f) })
				row++
			}
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
