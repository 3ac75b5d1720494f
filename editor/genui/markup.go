// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

func (p *page) line(text string) {
	p.b.WriteString(strings.Repeat("  ", p.indent) + text + "\n")
}

func (p *page) in(f func()) {
	p.indent++
	f()
	p.indent--
}

func (p *page) object(class, id string, inside func()) {
	layout := p.layout
	p.layout = nil
	open := `<object class="` + class + `"`
	if id != "" {
		open += ` id="` + id + `"`
	}
	p.line(open + ">")
	p.in(func() {
		if p.gtk == 3 && !p.bound {
			p.property("visible", "True")
		}
		p.bound = false
		inside()
		if layout != nil {
			layout()
		}
	})
	p.line("</object>")
}

func (p *page) child(f func()) {
	p.line("<child>")
	p.in(f)
	p.line("</child>")
}

// cell writes a child of a grid. GTK 3 has its position next to the object, GTK 4 inside it.
func (p *page) cell(column, row int, f func()) {
	place := func(outer, left, top string) {
		p.line("<" + outer + ">")
		p.in(func() {
			p.property(left, fmt.Sprint(column))
			p.property(top, fmt.Sprint(row))
		})
		p.line("</" + outer + ">")
	}
	p.child(func() {
		if p.gtk == 4 {
			p.layout = func() { place("layout", "column", "row") }
		}
		f()
		if p.gtk == 3 {
			place("packing", "left-attach", "top-attach")
		}
	})
}

func (p *page) property(name, value string) {
	p.line(`<property name="` + name + `">` + escape(value) + `</property>`)
}

// text writes a property to be translated.
func (p *page) text(name, value string) {
	p.line(`<property name="` + name + `" translatable="yes">` + escape(value) + `</property>`)
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // writing to a Builder does not fail
	return strings.ReplaceAll(b.String(), "&#39;", "'")
}
