// SPDX-License-Identifier: Apache-2.0

//go:build gui

package window

import (
	"html"
	"strings"

	"github.com/gotk3/gotk3/gtk"
	"github.com/gotk3/gotk3/pango"
)

// Measures from GNOME's interface guidelines for GTK 3, in pixels, and of text, in characters.
const (
	border    = 18
	gap       = 12
	near      = 6
	lineWidth = 56
	// tallText is the height from which on a text scrolls, so that the buttons stay visible on a small
	// screen.
	tallText = 240
	longText = 600
)

// A dialog is the window and what is read from it.
type dialog struct {
	dialog         *gtk.Dialog
	accept, cancel *gtk.Button
	names          []string
	entries        []*gtk.Entry
}

// made returns a widget, or anything else that GTK returns with an error that never occurs.
func made[T any](w T, err error) T {
	if err != nil {
		panic(err)
	}
	return w
}

func build(q Question) *dialog {
	w := &dialog{dialog: made(gtk.DialogNew())}
	w.dialog.SetTitle(strings.ReplaceAll(q.Title, "\n", " "))
	w.dialog.SetIconName("dialog-password")
	w.dialog.SetPosition(gtk.WIN_POS_CENTER)
	w.dialog.SetResizable(false)
	w.dialog.SetKeepAbove(true)
	w.cancel = made(w.dialog.AddButton(q.Cancel, gtk.RESPONSE_CANCEL))
	w.accept = made(w.dialog.AddButton(q.Accept, gtk.RESPONSE_OK))
	w.dialog.SetBorderWidth(near)

	icon := "dialog-password"
	if q.Warning {
		icon = "dialog-warning"
	}
	image := made(gtk.ImageNewFromIconName(icon, gtk.ICON_SIZE_DIALOG))
	image.SetVAlign(gtk.ALIGN_START)

	column := made(gtk.BoxNew(gtk.ORIENTATION_VERTICAL, gap))
	column.PackStart(heading(q.Heading), false, false, 0)
	column.PackStart(text(q.Text), false, false, 0)
	if len(q.Facts) > 0 {
		column.PackStart(facts(q.Facts), false, false, 0)
	}
	if len(q.Fields) > 0 {
		column.PackStart(w.fields(q), false, false, 0)
	}

	row := made(gtk.BoxNew(gtk.ORIENTATION_HORIZONTAL, border))
	row.SetBorderWidth(gap)
	row.PackStart(image, false, false, 0)
	row.PackStart(column, true, true, 0)
	made(w.dialog.GetContentArea()).PackStart(row, true, true, 0)

	if !q.Careful || len(q.Fields) > 0 {
		w.dialog.SetDefaultResponse(gtk.RESPONSE_OK)
	} else {
		w.dialog.SetDefaultResponse(gtk.RESPONSE_CANCEL)
	}
	return w
}

func label(s string) *gtk.Label {
	l := made(gtk.LabelNew(s))
	l.SetXAlign(0)
	l.SetYAlign(0)
	l.SetLineWrap(true)
	l.SetLineWrapMode(pango.WRAP_WORD_CHAR)
	l.SetMaxWidthChars(lineWidth)
	return l
}

func heading(s string) *gtk.Label {
	l := label("")
	l.SetMarkup(`<span weight="bold" size="larger">` + html.EscapeString(s) + `</span>`)
	return l
}

func text(s string) gtk.IWidget {
	l := label(s)
	if len(s) < longText {
		return l
	}
	scrolled := made(gtk.ScrolledWindowNew(nil, nil))
	scrolled.SetPolicy(gtk.POLICY_NEVER, gtk.POLICY_AUTOMATIC)
	scrolled.SetPropagateNaturalHeight(true)
	scrolled.SetMaxContentHeight(tallText)
	scrolled.Add(l)
	return scrolled
}

// facts returns a table. Its values can be selected, to be compared or sent to somebody.
func facts(list []Fact) *gtk.Grid {
	grid := made(gtk.GridNew())
	grid.SetColumnSpacing(gap)
	grid.SetRowSpacing(near)
	for i, f := range list {
		name := label(f.Label)
		made(name.GetStyleContext()).AddClass("dim-label")
		value := label(f.Value)
		if f.Digits {
			value.SetMarkup("<tt>" + html.EscapeString(f.Value) + "</tt>")
		}
		value.SetSelectable(true)
		name.SetMnemonicWidget(value) // a screen reader reads both together
		grid.Attach(name, 0, i, 1, 1)
		grid.Attach(value, 1, i, 1, 1)
	}
	return grid
}

// fields returns the form. The accepting button is only enabled while every field has content.
func (w *dialog) fields(q Question) *gtk.Grid {
	grid := made(gtk.GridNew())
	grid.SetColumnSpacing(gap)
	grid.SetRowSpacing(near)
	show := made(gtk.CheckButtonNewWithMnemonic(q.ShowPasswords))
	check := func() {
		filled := true
		for _, e := range w.entries {
			filled = filled && made(e.GetText()) != ""
		}
		w.dialog.SetResponseSensitive(gtk.RESPONSE_OK, filled)
	}
	for i, f := range q.Fields {
		name := made(gtk.LabelNewWithMnemonic(f.Label))
		name.SetXAlign(0)
		entry := made(gtk.EntryNew())
		entry.SetVisibility(false)
		entry.SetInputPurpose(gtk.INPUT_PURPOSE_PASSWORD)
		entry.SetActivatesDefault(true)
		entry.SetHExpand(true)
		entry.SetWidthChars(lineWidth / 2)
		// A password copied together with a line end is meant without it.
		_ = entry.SetProperty("truncate-multiline", true)
		entry.Connect("changed", check)
		name.SetMnemonicWidget(entry)
		grid.Attach(name, 0, i, 1, 1)
		grid.Attach(entry, 1, i, 1, 1)
		w.names, w.entries = append(w.names, f.Name), append(w.entries, entry)
	}
	show.Connect("toggled", func() {
		for _, e := range w.entries {
			e.SetVisibility(show.GetActive())
		}
	})
	grid.Attach(show, 1, len(q.Fields), 1, 1)
	check()
	return grid
}
