// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/gui"
	"network-manager-softether/lab/netns"
)

// settings is the network page of GNOME Settings in a session with GNOME Shell.
type settings struct {
	w      *world
	shell  *desktop.Shell
	screen *gui.Screen // its windows alone
}

// Places of the pages of a connection.
const identity = 1

func (w *world) settings(shell *desktop.Shell, env ...string) settings {
	w.t.Helper()
	// Drawing without OpenGL, which is slow where it is imitated.
	p, err := shell.Start("settings", netns.Command{Args: []string{"gnome-control-center", "network"}, Env: append(env, "GSK_RENDERER=cairo")})
	w.ok(err)
	w.t.Cleanup(func() {
		w.ok(p.Stop(w.ctx, syscall.SIGTERM))
		if w.t.Failed() {
			w.t.Log(p.Tail(20))
		}
	})
	return settings{w, shell, shell.Program("gnome-control-center")}
}

func (s settings) find(role, text string) *gui.Widget {
	s.w.t.Helper()
	found, err := s.screen.Find(s.w.ctx, role, text)
	s.w.ok(err)
	return found
}

// presses presses a button, once it can be pressed.
func (s settings) presses(role, text string) {
	s.w.t.Helper()
	s.awaits(role, text, true)
	s.w.ok(s.find(role, text).Press())
}

// pressesUntil presses a button, once it can be pressed, until check says that something has come of it.
func (s settings) pressesUntil(check func() error, role, text string) {
	s.w.t.Helper()
	s.awaits(role, text, true)
	s.w.ok(s.screen.Until(s.w.ctx, fmt.Sprintf("what comes of the %s %q", role, text), check, func() error {
		button, err := s.screen.Look(role, text)
		if err == nil {
			err = is("whether it can be pressed", button.Is(gui.StateSensitive), true, nil)
		}
		if err == nil {
			err = button.Press()
		}
		return err
	}))
}

// some and none are what may come of a button: that something is showing, or no longer.
func (s settings) some(role, text string) func() error {
	return func() error { return s.screen.Some(role, text) }
}

func (s settings) none(role, text string) func() error {
	return func() error { return s.screen.None(role, text) }
}

// saves ends the page, with the button Add or Apply.
func (s settings) saves(button string) {
	s.w.t.Helper()
	s.pressesUntil(s.none("tab", "Identity"), "button", button)
}

// switchesOn switches a connection on.
func (s settings) switchesOn(name string) {
	s.w.t.Helper()
	mark := s.w.Desktop.NMLogMark()
	s.pressesUntil(func() error { return s.w.Desktop.Asked(mark, name) }, "switch", name)
}

// awaits waits until a button can be pressed, or cannot.
func (s settings) awaits(role, text string, on bool) {
	s.w.t.Helper()
	s.w.eventually(fmt.Sprintf("%s %q", role, text), perTest/4, func() error {
		return is("whether it can be pressed", s.find(role, text).Is(gui.StateSensitive), on, nil)
	})
}

// types replaces what is in fields; each is "field=text".
func (s settings) types(fields ...string) {
	s.w.t.Helper()
	for _, f := range fields {
		name, text, _ := strings.Cut(f, "=")
		s.does("text box", name, func(w *gui.Widget) error { return w.SetText(text) })
	}
}

// chooses chooses one of a list that opens from a field, by its place.
func (s settings) chooses(field string, place int) {
	s.w.t.Helper()
	s.does("combo box", field, func(w *gui.Widget) error { return w.Choose(place) })
}

// does does something with a widget, once it is there and can take it.
func (s settings) does(role, text string, do func(*gui.Widget) error) {
	s.w.t.Helper()
	s.w.eventually(fmt.Sprintf("the %s %q to take it", role, text), perTest/4, func() error {
		w, err := s.screen.Look(role, text)
		if err == nil {
			err = do(w)
		}
		return err
	})
}

// adds opens a row of the list of what can be added; then something of that role and text is showing.
func (s settings) adds(row, role, text string) {
	s.w.t.Helper()
	s.pressesUntil(s.some("list item", row), "button", "Add connection|Add VPN") // in GNOME 43, and in 48
	s.w.ok(s.screen.MoveTo(s.w.ctx, gui.KeyDown, gui.KeyUp, "list item", row))
	s.w.ok(s.screen.PressUntil(s.w.ctx, row, s.some(role, text), gui.KeyReturn))
}

// picks answers the file chooser that is open or about to be. A key or a press can be lost while the chooser opens or looks
// at what was typed, so all of it is done again until the chooser is gone.
func (s settings) picks(file string) {
	s.w.t.Helper()
	s.find("button", "Open")
	chooser := s
	chooser.screen = s.screen.Top() // not a field of the page below
	// The field for a path comes and goes with this key, and is before the one for a server's address, which is always there.
	typing := func() error {
		if err := chooser.screen.Some("text box", ""); err != nil {
			return err
		}
		field, err := chooser.screen.Find(s.w.ctx, "text box", "")
		if err != nil {
			return err
		}
		return is("whether the keyboard is in the field for a path", field.Is(gui.StateFocused), true, nil)
	}
	gone := func() error { return s.screen.None("button", "Open") }
	for try := 0; gone() != nil; try++ {
		if typing() != nil {
			s.w.ok(s.screen.PressUntil(s.w.ctx, "the field for a path", typing, gui.KeyControl, 'l'))
		}
		chooser.types("=" + file)
		s.presses("button", "Open")
		if err := netns.Await(s.w.ctx, "the file chooser to be gone", 5*time.Second, gone); try == 5 {
			s.w.ok(err)
		}
	}
}

// opens opens the page of the only connection.
func (s settings) opens() {
	s.w.t.Helper()
	s.pressesUntil(s.some("tab", ""), "button", "Options")
	s.turns()
}

// turns turns to the page with our settings, which comes later than others, and before them.
func (s settings) turns() {
	s.w.t.Helper()
	s.find("tab", "Identity")
	s.w.eventually("the page to be shown", perTest/4, func() error {
		if s.find("tab", "Identity").Is(gui.StateSelected) {
			return nil // alone, where GNOME 43 adds a connection
		}
		if err := s.find("tab list", "").Choose(identity); err != nil {
			return err
		}
		return is("whether it is chosen", s.find("tab", "Identity").Is(gui.StateSelected), true, nil)
	})
}

// saved waits until NetworkManager has all of these in vpn.data.
func (s settings) saved(name string, items ...string) {
	s.w.t.Helper()
	s.w.eventually("the connection to be saved", perTest/4, func() error {
		data, err := s.w.Desktop.MustNMCLI(s.w.ctx, "-g", "vpn.data", "connection", "show", name)
		for _, item := range items {
			if !strings.Contains(data, item) {
				err = errors.Join(err, fmt.Errorf("vpn.data lacks %s: %s", item, data))
			}
		}
		return err
	})
}

// ticks turns a check button by Alt and a letter.
func (s settings) ticks(text string, letter uint32) {
	s.w.t.Helper()
	before := s.find("checkbox", text).Is(gui.StateChecked)
	s.w.ok(s.screen.PressUntil(s.w.ctx, "the tick at "+text, func() error {
		return is("whether it is there", s.find("checkbox", text).Is(gui.StateChecked), !before, nil)
	}, gui.KeyAlt, letter))
}
