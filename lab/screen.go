// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// A Screen is what a person has before her, and her keyboard. The lab sees it the way assistive technology does (AT-SPI)
// and presses keys as remote control. It is for one goroutine at a time.
type Screen struct {
	bus     *dbus.Conn // the session's
	a11y    *dbus.Conn
	program string // if not empty, only what this one shows is looked at
}

// screenLimit bounds the wait for a widget.
const screenLimit = 30 * time.Second

func openScreen(bus *dbus.Conn) (*Screen, error) {
	var address string
	if err := bus.Object("org.a11y.Bus", "/org/a11y/bus").Call("org.a11y.Bus.GetAddress", 0).Store(&address); err != nil {
		return nil, fmt.Errorf("asking for the accessibility bus: %w", err)
	}
	a11y, err := dbus.Connect(address)
	return &Screen{bus: bus, a11y: a11y}, err
}

// Program is the same screen without what other programs show.
func (s *Screen) Program(name string) *Screen {
	only := *s
	only.program = name
	return &only
}

// Find waits until a widget of a role ("push button") is showing that has a text or contains something that has it. A part
// of the text is enough, and mnemonic underscores do not count. Several roles are separated by "|". Of several widgets it
// is the first, in the order of the tree.
func (s *Screen) Find(ctx context.Context, role, text string) (found *Widget, err error) {
	err = Await(ctx, fmt.Sprintf("%s %q", role, text), screenLimit, func() error {
		var all []string
		var err error
		if found, all, err = s.find(role, text); found == nil {
			return fmt.Errorf("there is only %s (%v)", strings.Join(all, ", "), err)
		}
		return nil
	})
	return found, err
}

// AwaitNone waits until Find would find nothing.
func (s *Screen) AwaitNone(ctx context.Context, role, text string) error {
	return Await(ctx, fmt.Sprintf("%s %q to be gone", role, text), screenLimit, func() error {
		found, _, err := s.find(role, text)
		if found != nil {
			return fmt.Errorf("%v is still there", found)
		}
		return err
	})
}

// find returns the first such widget and, if there is none, all that have a text.
func (s *Screen) find(role, text string) (found *Widget, all []string, err error) {
	root := accessible{"org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root"}
	err = s.walk(root, nil, func(w *Widget, around []*Widget) bool {
		if w.Name != "" {
			all = append(all, w.String())
		}
		if !strings.Contains(strings.ReplaceAll(w.Name, "_", ""), text) {
			return true
		}
		for i := len(around) - 1; i >= 0 && found == nil; i-- {
			if around[i].hasRole(role) {
				found = around[i]
			}
		}
		return found == nil
	})
	return found, all, err
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// walk calls f for the widget at this address and everything in it that is showing, with what is around it, itself last,
// until f returns false.
func (s *Screen) walk(at accessible, around []*Widget, f func(w *Widget, around []*Widget) bool) error {
	w, parts, err := look(s.a11y, at)
	if err != nil {
		return err
	}
	switch len(around) {
	case 0: // of the desktop
	case 1:
		if s.program != "" && s.program != w.Name {
			return nil
		}
	default:
		if w.Is(StateShowing) && !f(w, append(around, w)) {
			return errEnough
		}
	}
	var errs []error
	for _, p := range parts {
		err := s.walk(p, append(around, w), f)
		if err == errEnough {
			return err
		}
		errs = append(errs, err) // a widget may go away while others are looked at
	}
	return errors.Join(errs...)
}

// Keys that make no character (X keysyms).
const (
	KeyReturn uint32 = 0xff0d
	KeyEscape uint32 = 0xff1b
	KeyTab    uint32 = 0xff09
)

// Key presses a key of the keyboard.
func (s *Screen) Key(key uint32) error {
	const name = "org.gnome.Mutter.RemoteDesktop"
	var path dbus.ObjectPath
	if err := s.bus.Object(name, "/org/gnome/Mutter/RemoteDesktop").Call(name+".CreateSession", 0).Store(&path); err != nil {
		return fmt.Errorf("asking for a keyboard: %w", err)
	}
	keyboard := s.bus.Object(name, path)
	err := errors.Join(keyboard.Call(name+".Session.Start", 0).Err,
		keyboard.Call(name+".Session.NotifyKeyboardKeysym", 0, key, true).Err,
		keyboard.Call(name+".Session.NotifyKeyboardKeysym", 0, key, false).Err,
		keyboard.Call(name+".Session.Stop", 0).Err) // while it is open, every picture shows a sign of it
	if err != nil {
		return fmt.Errorf("pressing key %#x: %w", key, err)
	}
	return nil
}
