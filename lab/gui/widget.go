// SPDX-License-Identifier: Apache-2.0

package gui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// A Widget is something on the screen as assistive technology sees it (AT-SPI, interfaces org.a11y.atspi.*).
type Widget struct {
	// Role is what it is: "push button", "password text", "dialog", ...
	Role string
	// Name is its text, or that of its label.
	Name string

	conn   *dbus.Conn
	at     accessible
	states uint64
}

// An accessible is the address of a widget: the program's name on the bus and an object of it.
type accessible struct {
	Bus  string
	Path dbus.ObjectPath
}

const atspi = "org.a11y.atspi."

// Bits of GetState (AtspiStateType).
const (
	StateChecked   = 4
	StateFocused   = 12
	StateSelected  = 23
	StateSensitive = 24
	StateVisible   = 30
)

// Is reports whether the widget was in that state when it was found.
func (w *Widget) Is(state int) bool { return w.states>>state&1 != 0 }

// hasRole reports whether the widget has one of these roles, which are separated by "|".
func (w *Widget) hasRole(roles string) bool {
	return slices.Contains(strings.Split(roles, "|"), w.Role)
}

func (w *Widget) String() string { return fmt.Sprintf("%s %q", w.Role, w.Name) }

// answerLimit bounds the wait for an answer of a program, which may be busy or have just ended.
const answerLimit = 30 * time.Second

func (w *Widget) call(method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	return w.conn.Object(w.at.Bus, w.at.Path).CallWithContext(ctx, atspi+method, 0, args...)
}

// look reads a widget and its children. The calls are sent together, as a busy program answers each with a
// delay of its own.
func look(conn *dbus.Conn, at accessible) (*Widget, []accessible, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	o := conn.Object(at.Bus, at.Path)
	role := o.GoWithContext(ctx, atspi+"Accessible.GetRoleName", 0, nil)
	state := o.GoWithContext(ctx, atspi+"Accessible.GetState", 0, nil)
	children := o.GoWithContext(ctx, atspi+"Accessible.GetChildren", 0, nil)
	name := o.GoWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, nil, atspi+"Accessible", "Name")
	w := &Widget{conn: conn, at: at}
	var states []uint32
	var named dbus.Variant
	var parts []accessible
	err := errors.Join((<-role.Done).Store(&w.Role), (<-state.Done).Store(&states), (<-children.Done).Store(&parts), (<-name.Done).Store(&named))
	for i, s := range states {
		w.states |= uint64(s) << (32 * i)
	}
	w.Name, _ = named.Value().(string)
	return w, parts, err
}

// SetText replaces the text in an entry.
func (w *Widget) SetText(text string) error {
	var done bool
	err := w.call("EditableText.SetTextContents", text).Store(&done)
	if err == nil && !done {
		err = errors.New("it takes no text")
	}
	return w.failed("typing into", err)
}

// Press does what the widget is for: a button is clicked, a box is checked.
func (w *Widget) Press() error {
	var done bool
	err := w.call("Action.DoAction", int32(0)).Store(&done)
	if err == nil && !done {
		err = errors.New("it does nothing")
	}
	return w.failed("pressing", err)
}

// Focus gives the widget the keyboard.
func (w *Widget) Focus() error {
	var done bool
	err := w.call("Component.GrabFocus").Store(&done)
	return w.failed("giving the keyboard to", err)
}

// Choose selects an entry of a list by its position.
func (w *Widget) Choose(place int) error {
	var done bool
	err := w.call("Selection.SelectChild", int32(place)).Store(&done)
	if err == nil && !done {
		err = fmt.Errorf("it has no choice %d", place)
	}
	return w.failed("choosing from", err)
}

func (w *Widget) failed(doing string, err error) error {
	if err != nil {
		err = fmt.Errorf("%s %v: %w", doing, w, err)
	}
	return err
}
