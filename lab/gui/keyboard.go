// SPDX-License-Identifier: Apache-2.0

package gui

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/netns"
)

// Keys that make no character (X keysyms).
const (
	KeyReturn  uint32 = 0xff0d
	KeyEscape  uint32 = 0xff1b
	KeyControl uint32 = 0xffe3
	KeyAlt     uint32 = 0xffe9
	KeySuper   uint32 = 0xffeb
	KeyUp      uint32 = 0xff52
	KeyDown    uint32 = 0xff54
)

// keyLimit bounds the wait for the effect of a key, after which it is pressed again.
const keyLimit = 3 * time.Second

// Press presses keys together and releases them: one key, or with a modifier before it.
func (s *Screen) Press(keys ...uint32) error {
	if err := s.keyboard.plug(); err != nil {
		return err
	}
	var err error
	for i := range 2 * len(keys) {
		key, down := keys[min(i, 2*len(keys)-1-i)], i < len(keys)
		err = errors.Join(err, s.keyboard.session.Call(remote+".Session.NotifyKeyboardKeysym", 0, key, down).Err)
	}
	if err != nil {
		return fmt.Errorf("pressing keys %#x: %w", keys, err)
	}
	return nil
}

// PressUntil is Until with keys that are pressed.
func (s *Screen) PressUntil(ctx context.Context, what string, check func() error, keys ...uint32) error {
	return s.Until(ctx, what, check, func() error { return s.Press(keys...) })
}

// Until does what should make check return nil, and does it again if nothing comes of it: windows accept no
// keys in their first moment, and buttons no press. If the screen changes, something has come of it, and the
// rest is waited for.
func (s *Screen) Until(ctx context.Context, what string, check, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, screenLimit)
	defer cancel()
	for first := true; ; first = false {
		before := s.everything()
		undone := do() // perhaps because there is nothing left to do
		err := netns.Await(ctx, what, keyLimit, check)
		for rounds := 0; err != nil && ctx.Err() == nil && rounds < 5; rounds++ {
			now := s.everything()
			if now == before {
				break
			}
			before, err = now, netns.Await(ctx, what, keyLimit, check)
		}
		if err == nil && !first {
			// The first may have been late, not lost, and this is its effect. Then that of the second is still to come.
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			err = check()
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(err, undone)
		}
	}
}

// everything lists what is showing, and in which state.
func (s *Screen) everything() (list string) {
	_ = s.walk(desktop, nil, func(w *Widget, _ []*Widget) bool {
		list += fmt.Sprintf("%v %s %x\n", w, w.at.Path, w.states)
		return true
	})
	return list
}

// MoveTo presses a key that moves the keyboard focus, such as KeyDown, until it is at what Find would find. A
// key that came late may have carried it past, so when the focus moves no further, it turns around with the
// other key.
func (s *Screen) MoveTo(ctx context.Context, key, other uint32, role, text string) error {
	for pressed, stalls := 0, 0; ; {
		before := s.focused()
		w, err := s.Find(ctx, role, text)
		if err != nil {
			return err
		}
		there := w.Is(StateFocused)
		if there && pressed <= 0 {
			return nil
		}
		if !there {
			if err := s.Press(key); err != nil {
				return err
			}
			pressed++
		}
		err = netns.Await(ctx, "another place of the keyboard", keyLimit, func() error {
			if s.focused() == before {
				return fmt.Errorf("it is still at %s", before)
			}
			return nil
		})
		switch {
		case err == nil:
			pressed-- // what is left may still move it
		case ctx.Err() != nil:
			return err
		case there:
			pressed = 0
		default:
			if stalls++; stalls == 20 {
				return err
			}
			if stalls%2 == 0 { // not just a key that was lost
				key, other = other, key
			}
		}
	}
}

// focused lists where the keyboard focus is in each window.
func (s *Screen) focused() (list string) {
	_ = s.walk(desktop, nil, func(w *Widget, _ []*Widget) bool {
		if w.Is(StateFocused) {
			list += fmt.Sprintf("%s at %s, ", w, w.at.Path)
		}
		return true
	})
	return list
}

// A keyboard is one that GNOME Shell takes for real.
type keyboard struct {
	bus     *dbus.Conn
	session dbus.BusObject // nil = not plugged in
}

const remote = "org.gnome.Mutter.RemoteDesktop"

// plug plugs the keyboard in. Running programs then need a moment until they accept keys from it.
func (k *keyboard) plug() error {
	if k.session != nil {
		return nil
	}
	var path dbus.ObjectPath
	if err := k.bus.Object(remote, "/org/gnome/Mutter/RemoteDesktop").Call(remote+".CreateSession", 0).Store(&path); err != nil {
		return fmt.Errorf("asking for a keyboard: %w", err)
	}
	session := k.bus.Object(remote, path)
	if err := session.Call(remote+".Session.Start", 0).Err; err != nil {
		return fmt.Errorf("plugging the keyboard in: %w", err)
	}
	k.session = session
	return nil
}

// pull pulls the keyboard out. While it is plugged in, the shell shows an indicator of remote control.
func (k *keyboard) pull() error {
	if k.session == nil {
		return nil
	}
	session := k.session
	k.session = nil
	return session.Call(remote+".Session.Stop", 0).Err
}

// Unplug pulls the keyboard out until the next key, for pictures without the indicator of remote control.
func (s *Screen) Unplug() error { return s.keyboard.pull() }
