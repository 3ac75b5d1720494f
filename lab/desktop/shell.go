// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/gui"
	"network-manager-softether/lab/netns"
)

// A Shell is the GNOME session of a person on the desktop: the real GNOME Shell, with a screen that only
// exists in memory, an unlocked keyring and a session bus. The shell is a secret agent of NetworkManager, so
// the person is asked by its prompts. It ends with the lab.
type Shell struct {
	*gui.Screen
	desktop *Desktop
	session *dbus.Conn // as root
	dir     string
	env     []string
}

// shellLimit bounds each part of the start, which takes two seconds on an idle machine.
const shellLimit = time.Minute

// settings are what the person has chosen before: no tour, and nothing that moves or covers what a test looks
// at.
const settings = `[org/gnome/shell]
welcome-dialog-last-shown-version='999'
[org/gnome/desktop/notifications]
show-banners=false
[org/gnome/desktop/background]
picture-options='none'
primary-color='#2c4a6e'
[org/gnome/desktop/interface]
enable-animations=false
`

// StartShell starts the session and waits until NetworkManager has accepted its secret agent.
func (d *Desktop) StartShell(ctx context.Context) (*Shell, error) {
	s, err := d.StartSession(ctx)
	for _, part := range []func(context.Context) error{s.startKeyring, s.startShell} {
		if err == nil {
			err = part(ctx)
		}
	}
	if err == nil {
		s.Screen, err = gui.Open(s.session)
	}
	if err != nil {
		return nil, fmt.Errorf("starting GNOME Shell: %w", err)
	}
	d.OnClose(func() { _ = s.Screen.Close() })
	return s, nil
}

// startKeyring starts the keyring and unlocks it. Without one, the shell refuses every request before asking
// for anything; with a locked one, it asks for the keyring's password.
func (s *Shell) startKeyring(ctx context.Context) error {
	keyring, err := s.Start("keyring", netns.Command{Args: []string{"gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"}, Stdin: "keyring"})
	if err != nil {
		return err
	}
	return netns.Await(ctx, "the keyring", shellLimit, func() error {
		if err := keyring.Running(); err != nil {
			return err
		}
		return s.owned("org.freedesktop.secrets")
	})
}

func (s *Shell) startShell(ctx context.Context) error {
	if err := s.desktop.LogMore(ctx, "AGENTS:DEBUG"); err != nil { // only the log tells who is an agent
		return err
	}
	mark := s.desktop.NMLogMark()
	shell, err := s.Start("gnome-shell", netns.Command{Args: []string{
		"gnome-shell", "--headless", "--wayland", "--no-x11",
		"--virtual-monitor", "1024x768", "--sm-disable",
	}})
	if err != nil {
		return err
	}
	agent := fmt.Sprintf("org.gnome.Shell.NetworkAgent/%d]: agent registered", netns.Person)
	err = netns.Await(ctx, "GNOME Shell and its secret agent", shellLimit, func() error {
		if err := shell.Running(); err != nil {
			return err
		}
		log, err := os.ReadFile(shell.Log)
		if err != nil || !strings.Contains(string(log), "GNOME Shell started") || !strings.Contains(s.desktop.NMLog(mark), agent) {
			return fmt.Errorf("not there yet\n%s", shell.Tail(20))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.desktop.LogMore(ctx, "AGENTS:INFO"); err != nil {
		return err
	}
	// It starts in the overview, where the keyboard belongs to the search.
	overview, object := "org.gnome.Shell.OverviewActive", s.session.Object("org.gnome.Shell", "/org/gnome/Shell")
	return netns.Await(ctx, "the overview to go", shellLimit, func() error {
		if err := object.SetProperty(overview, dbus.MakeVariant(false)); err != nil {
			return err
		}
		switch open, err := object.GetProperty(overview); {
		case err != nil:
			return err
		case open.Value() != false:
			return fmt.Errorf("%s is %v", overview, open)
		default:
			return nil
		}
	})
}

// StartNotifier starts what autostart would start, and makes the shell show its notifications.
func (s *Shell) StartNotifier(ctx context.Context) error {
	if _, err := s.Give(".config/glib-2.0/settings/keyfile", []byte(strings.Replace(settings, "show-banners=false", "show-banners=true", 1))); err != nil {
		return err
	}
	p, err := s.Start("notify", netns.Command{Args: []string{s.desktop.plugin.Notifier}})
	if err != nil {
		return err
	}
	return netns.Await(ctx, "the notifier", shellLimit, func() error {
		if err := p.Running(); err != nil {
			return err
		}
		return s.owned("org.freedesktop.NetworkManager.softether.Notify")
	})
}

// FlipVPN flips the switch of a VPN connection in the system menu, until NetworkManager is asked to connect
// it. The shell's widgets have accessible actions, but those do nothing.
func (s *Shell) FlipVPN(ctx context.Context, name string) error {
	shell := s.Program("gnome-shell")
	shown := func() error { return shell.Some("toggle button", name) }
	mark := s.desktop.NMLogMark()
	asked := func() error { return s.desktop.Asked(mark, name) }
	return s.Until(ctx, "the switch of "+name, asked, func() error {
		if shown() != nil {
			menu, err := shell.Find(ctx, "menu", "System")
			if err != nil {
				return err
			}
			if err := errors.Join(menu.Focus(), s.PressUntil(ctx, "the system menu with "+name, shown, gui.KeyReturn)); err != nil {
				return err
			}
		}
		toggle, err := shell.Look("toggle button", name)
		if err == nil {
			err = toggle.Focus()
		}
		if err == nil {
			err = s.Press(gui.KeyReturn)
		}
		return err
	})
}
