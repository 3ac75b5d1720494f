// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"

	"network-manager-softether/editor/form"
	"network-manager-softether/editor/gtk"
	"network-manager-softether/po"
)

// widgets are the form's fields as widgets of GTK 3 or 4, which differ in no property used here.
type widgets struct {
	builder *gtk.Builder
	objects map[string]gtk.Object
	wrong   string // the field that has the mark
}

// sectionID is the ID of a section's heading, groupID that of the heading and its fields.
func sectionID(s form.Section) string { return "section-" + strconv.Itoa(int(s)) }
func groupID(s form.Section) string   { return "group-" + strconv.Itoa(int(s)) }

// collect finds every object, so that a missing one is noticed when the page is made and not later.
func (w *widgets) collect() {
	w.objects = map[string]gtk.Object{}
	find := func(id string) { w.objects[id] = w.builder.Object(id) }
	for i := range form.Fields {
		f := &form.Fields[i]
		find(f.Key)
		switch f.Shape {
		case form.File:
			find("choose-" + f.Key)
			find("box-" + f.Key)
			find("label-" + f.Key)
		case form.Check:
		case form.Editable:
			find("box-" + f.Key)
			find("label-" + f.Key)
		default:
			find("label-" + f.Key)
		}
		if f.Explained() {
			find("note-" + f.Key)
		}
	}
	for _, s := range form.Sections {
		if s.Title != "" {
			find(sectionID(s.Section))
			find(groupID(s.Section))
		}
	}
	find(form.ShowPasswords)
	find("problem")
	find("scrolled")
}

// explain sets the tooltip of every field, which is not in the page's XML: GTK 4 does not break the lines of
// tooltips, and where they break depends on the language.
func (w *widgets) explain() {
	for i := range form.Fields {
		w.object(form.Fields[i].Key).SetString("tooltip-text", form.Fields[i].Tooltip(isWide))
	}
}

func (w *widgets) object(id string) gtk.Object { return w.objects[id] }

// property returns the name of the property that holds a field's value.
func property(shape form.Shape) string {
	switch shape {
	case form.Combo:
		return "active-id"
	case form.Check:
		return "active"
	}
	return "text"
}

// shape returns that of the field of a key; the one check button without a key is not among them.
func shape(key string) form.Shape {
	if f := form.Find(key); f != nil {
		return f.Shape
	}
	return form.Check
}

func (w *widgets) Get(key string) string {
	o := w.object(key)
	if s := shape(key); s != form.Check {
		text := o.String(property(s))
		if s == form.Editable {
			for _, word := range form.Find(key).Words {
				if text == po.T(word.Label) {
					return word.Value
				}
			}
		}
		return text
	}
	if o.Bool("active") {
		return "yes"
	}
	return "no"
}

func (w *widgets) Set(key, value string) {
	o := w.object(key)
	if s := shape(key); s != form.Check {
		if s == form.Editable {
			for _, word := range form.Find(key).Words {
				if value == word.Value {
					value = po.T(word.Label)
				}
			}
		}
		o.SetString(property(s), value)
		return
	}
	o.SetBool("active", value == "yes")
}

func (w *widgets) Show(key string, on bool) {
	for _, id := range []string{key, "label-" + key, "box-" + key, "note-" + key} {
		if o, ok := w.objects[id]; ok {
			o.SetBool("visible", on)
		}
	}
}

func (w *widgets) Reveal(key string, on bool) { w.object(key).SetBool("visibility", on) }

func (w *widgets) Hint(key, text string) { w.object(key).SetOrClear("placeholder-text", text) }

func (w *widgets) Explain(key, text string) { w.object("note-"+key).SetString("label", text) }

func (w *widgets) Tell(key, problem string) {
	o := w.object("problem")
	o.SetString("label", problem)
	o.SetOrClear("tooltip-text", problem)
	o.SetBool("selectable", problem != "") // so that the Tab key reaches it
	w.mark(w.wrong, "")
	if w.mark(key, problem); key == w.wrong { // once seen, a section may be folded again
		return
	}
	w.wrong = key
	if f := form.Find(key); f != nil && f.Section != form.Identity {
		w.object(sectionID(f.Section)).SetBool("expanded", true)
	}
}

// mark puts a sign into the field that is wrong, or removes it.
func (w *widgets) mark(key, problem string) {
	f := form.Find(key)
	if f == nil || f.Shape == form.Combo || f.Shape == form.Check {
		return
	}
	icon := ""
	if problem != "" {
		icon = "dialog-warning-symbolic"
	}
	w.object(key).SetOrClear("secondary-icon-name", icon)
	w.object(key).SetOrClear("secondary-icon-tooltip-text", problem)
}
