// SPDX-License-Identifier: Apache-2.0

//go:build gui

package window

import (
	"context"
	"runtime"

	"github.com/gotk3/gotk3/glib"
	"github.com/gotk3/gotk3/gtk"
)

// Ask shows the window and returns what was typed, by the names of the fields. Closing the window, Cancel,
// Escape and the end of ctx result in ErrCancelled. It may be called from any goroutine, but only once: GTK
// stays on its thread.
func Ask(ctx context.Context, q Question) (map[string]string, error) {
	runtime.LockOSThread()
	// Under Wayland, this is the name by which the desktop knows the windows.
	glib.SetPrgname("nm-softether-auth-dialog")
	if err := gtk.InitCheck(nil); err != nil {
		return nil, ErrNoDisplay
	}
	w := build(q)
	defer w.close()
	stop := context.AfterFunc(ctx, func() {
		glib.IdleAdd(func() { w.dialog.Response(gtk.RESPONSE_CANCEL) })
	})
	defer stop()
	w.dialog.ShowAll()
	w.focus(q)
	if w.dialog.Run() != gtk.RESPONSE_OK {
		return nil, ErrCancelled
	}
	return w.answers(), nil
}

// focus puts the cursor where the person will continue.
func (w *dialog) focus(q Question) {
	switch {
	case len(w.entries) > 0:
		w.entries[0].GrabFocus()
	case q.Careful:
		w.cancel.GrabFocus()
	default:
		w.accept.GrabFocus()
	}
}

func (w *dialog) answers() map[string]string {
	answers := map[string]string{}
	for i, e := range w.entries {
		answers[w.names[i]] = made(e.GetText())
	}
	return answers
}

// close removes the window from the screen at once: the program may have to wait for the agent before it ends.
func (w *dialog) close() {
	w.dialog.Destroy()
	for gtk.EventsPending() {
		gtk.MainIteration()
	}
}
