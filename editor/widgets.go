// SPDX-License-Identifier: Apache-2.0

package main

import (
	"network-manager-softether/editor/form"
	"network-manager-softether/editor/gtk"
)

// widgets are the form's fields as widgets of GTK 3 or 4, which differ in no property used here.
type widgets struct {
	builder *gtk.Builder
	objects map[string]gtk.Object
}

// collect finds every object, so that a missing one shows when the page is made and not later.
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
		default:
			find("label-" + f.Key)
		}
	}
	find(form.ShowPasswords)
	find("problem")
}

// explain gives every field its tooltip, which is not in the page's XML: GTK 4 does not break the lines of tooltips, and
// where they break depends on the language.
func (w *widgets) explain() {
	for i := range form.Fields {
		w.object(form.Fields[i].Key).SetString("tooltip-text", form.Fields[i].Tooltip(isWide))
	}
}

func (w *widgets) object(id string) gtk.Object { return w.objects[id] }

// property is the one that holds a field's value.
func property(shape form.Shape) string {
	switch shape {
	case form.Combo:
		return "active-id"
	case form.Check:
		return "active"
	}
	return "text"
}

// shape is that of the field of a key; the one check button without a key is not among them.
func shape(key string) form.Shape {
	if f := form.Find(key); f != nil {
		return f.Shape
	}
	return form.Check
}

func (w *widgets) Get(key string) string {
	o := w.object(key)
	if s := shape(key); s != form.Check {
		return o.String(property(s))
	}
	if o.Bool("active") {
		return "yes"
	}
	return "no"
}

func (w *widgets) Set(key, value string) {
	o := w.object(key)
	if s := shape(key); s != form.Check {
		o.SetString(property(s), value)
		return
	}
	o.SetBool("active", value == "yes")
}

func (w *widgets) Show(key string, on bool) {
	for _, id := range []string{key, "label-" + key, "box-" + key} {
		if o, ok := w.objects[id]; ok {
			o.SetBool("visible", on)
		}
	}
}

func (w *widgets) Reveal(key string, on bool) { w.object(key).SetBool("visibility", on) }

func (w *widgets) Tell(problem string) {
	o := w.object("problem")
	o.SetString("label", problem)
	o.SetBool("visible", problem != "")
}
