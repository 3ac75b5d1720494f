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

	"network-manager-softether/lab/netns"
)

// A Screen is what a person has before her, and her keyboard. The lab sees it the way assistive technology does (AT-SPI)
// and presses keys as remote control. It is for one goroutine at a time.
type Screen struct {
	a11y     *dbus.Conn
	keyboard *keyboard
	program  string // if not empty, only what this one shows is looked at
	top      bool   // whether only the newest window is looked at
}

// screenLimit bounds the wait for a widget.
const screenLimit = time.Minute

// Open connects to the accessibility bus of a session, given its session bus, and plugs a keyboard in.
func Open(bus *dbus.Conn) (*Screen, error) {
	var address string
	if err := bus.Object("org.a11y.Bus", "/org/a11y/bus").Call("org.a11y.Bus.GetAddress", 0).Store(&address); err != nil {
		return nil, fmt.Errorf("asking for the accessibility bus: %w", err)
	}
	a11y, err := dbus.Connect(address)
	if err != nil {
		return nil, err
	}
	s := &Screen{a11y: a11y, keyboard: &keyboard{bus: bus}}
	return s, s.keyboard.plug()
}

// Close closes the connection to the accessibility bus.
func (s *Screen) Close() error { return s.a11y.Close() }

// Program is the same screen without what other programs show.
func (s *Screen) Program(name string) *Screen {
	only := *s
	only.program = name
	return &only
}

// Top is the same screen, showing only the newest window of the program.
func (s *Screen) Top() *Screen {
	only := *s
	only.top = true
	return &only
}

// Find waits until a widget of a role ("push button") is showing that has a text or contains something that
// has it. Part of the text is enough, and mnemonic underscores do not count. Several roles are separated by "
// ", and so are several texts. Of several widgets it is the first, in tree order, in the newest window.
func (s *Screen) Find(ctx context.Context, role, text string) (found *Widget, err error) {
	err = netns.Await(ctx, fmt.Sprintf("%s %q", role, text), screenLimit, func() (err error) {
		found, err = s.find(0, role, text)
		return err
	})
	return found, err
}

// FindNext is Find for a widget that comes after as many others as others says.
func (s *Screen) FindNext(ctx context.Context, others int, role, text string) (found *Widget, err error) {
	err = netns.Await(ctx, fmt.Sprintf("%s %q after %d others", role, text, others), screenLimit, func() (err error) {
		found, err = s.find(others, role, text)
		return err
	})
	return found, err
}

// Look is Find without waiting.
func (s *Screen) Look(role, text string) (*Widget, error) { return s.find(0, role, text) }

// Some returns an error if Find would find nothing.
func (s *Screen) Some(role, text string) error {
	_, err := s.Look(role, text)
	return err
}

// None returns an error if Find would find something.
func (s *Screen) None(role, text string) error {
	switch found, err := s.Look(role, text); {
	case err == nil:
		return fmt.Errorf("%v is still there", found)
	case errors.As(err, new(notFoundError)):
		return nil
	default:
		return err
	}
}

// Gone returns an error if a widget that was found is still showing. Another of its kind does not count.
func (s *Screen) Gone(w *Widget) error {
	var there bool
	err := s.walk(desktop, nil, func(other *Widget, _ []*Widget) bool {
		there = other.at == w.at
		return !there
	})
	if there {
		return fmt.Errorf("%v is still there", w)
	}
	return err
}

// AwaitNone waits until Find would find nothing.
func (s *Screen) AwaitNone(ctx context.Context, role, text string) error {
	return netns.Await(ctx, fmt.Sprintf("%s %q to be gone", role, text), screenLimit, func() error { return s.None(role, text) })
}

// notFoundError lists what is there instead.
type notFoundError []string

func (n notFoundError) Error() string {
	return "there is only " + strings.Join(n[:min(60, len(n))], ", ")
}

// find returns the first such widget after that many others. The error is a notFoundError if everything was
// looked at and there is none.
func (s *Screen) find(others int, role, text string) (found *Widget, err error) {
	var last accessible
	var all notFoundError
	texts := strings.Split(text, "|")
	err = s.walk(desktop, nil, func(w *Widget, around []*Widget) bool {
		if w.Name != "" && !w.hasRole("widget|image|scroll bar") {
			all = append(all, w.String())
		}
		name := strings.ReplaceAll(w.Name, "_", "")
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(name, text) }) {
			return true
		}
		for i := len(around) - 1; i >= 0 && found == nil; i-- {
			if !around[i].hasRole(role) || around[i].at == last {
				continue
			}
			if last, others = around[i].at, others-1; others < 0 {
				found = around[i]
			}
			break
		}
		return found == nil
	})
	switch {
	case found != nil:
		return found, nil
	case err != nil:
		return nil, fmt.Errorf("%w (%v)", err, all)
	}
	return nil, all
}

// desktop is the root of all windows.
var desktop = accessible{"org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root"}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// walk calls f for the widget at this address and everything visible in it, with what surrounds it, itself
// last, until f returns false.
func (s *Screen) walk(at accessible, around []*Widget, f func(w *Widget, around []*Widget) bool) error {
	w, parts, err := look(s.a11y, at)
	if err != nil {
		return err
	}
	switch {
	case len(around) == 0: // the desktop
	case len(around) == 1 && (s.program == "" || s.program == w.Name):
		slices.Reverse(parts) // the window on top, which came last, is what matters
		if s.top {
			parts = parts[:min(1, len(parts))]
		}
	case len(around) == 1, !w.Is(StateVisible):
		return nil
	case !f(w, append(around, w)):
		return errEnough
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
