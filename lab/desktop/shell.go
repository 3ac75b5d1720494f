// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/gui"
	"network-manager-softether/lab/netns"
)

// A Shell is the GNOME session of a person on the desktop: the real GNOME Shell, with a screen that exists only in memory,
// an unlocked keyring and a session bus. The shell is a secret agent of NetworkManager, so its prompts are what she is
// asked. It ends with the lab.
type Shell struct {
	*gui.Screen
	desktop *Desktop
	session *dbus.Conn // as root
	dir     string
	env     []string
}

// shellLimit bounds each part of the start, which takes two seconds on an idle machine.
const shellLimit = time.Minute

// settings are what the person has chosen before: no tour, and nothing that moves or covers what a test looks at.
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

// StartSession starts no more of the session than its bus: a desktop that has neither a screen nor a secret agent.
func (d *Desktop) StartSession(ctx context.Context) (*Shell, error) {
	s := &Shell{desktop: d, dir: d.Path("/person")}
	bus := "unix:path=" + s.dir + "/bus"
	s.env = []string{
		"HOME=" + s.dir, "XDG_RUNTIME_DIR=" + s.dir, "DBUS_SESSION_BUS_ADDRESS=" + bus, "GSETTINGS_BACKEND=keyfile",
		"XDG_CURRENT_DESKTOP=GNOME", "XDG_SESSION_TYPE=wayland", "WAYLAND_DISPLAY=wayland-0", "LIBGL_ALWAYS_SOFTWARE=1",
	}
	if err := s.files(); err != nil {
		return s, err
	}
	if err := s.startBus(ctx); err != nil {
		return s, err
	}
	d.OnClose(func() { _ = s.session.Close() })
	return s, nil
}

// Bus is the session bus, where the lab is root.
func (s *Shell) Bus() *dbus.Conn { return s.session }

// files makes the person's home, where her sockets are, too.
func (s *Shell) files() error {
	if err := s.desktop.openPlugin(); err != nil {
		return err
	}
	conf := s.dir + "/.config/glib-2.0/settings"
	err := errors.Join(os.MkdirAll(conf, 0o700), os.WriteFile(conf+"/keyfile", []byte(settings), 0o600),
		os.WriteFile(s.dir+"/session.conf", []byte(s.busConfig()), 0o600))
	if err != nil {
		return err
	}
	return filepath.WalkDir(s.dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, netns.Person, netns.Person))
	})
}

// openPlugin copies what runs as the person to where she may read it: the folder it was built in may be closed to her.
func (d *Desktop) openPlugin() error {
	plugin := d.plugin
	if plugin.Installed {
		return nil
	}
	for _, file := range []*string{&plugin.Editor, &plugin.AuthDialog, &plugin.Notifier} {
		content, err := os.ReadFile(*file)
		if err != nil {
			return err
		}
		*file = d.Path(filepath.Base(*file))
		if err := os.WriteFile(*file, content, 0o755); err != nil {
			return err
		}
	}
	return d.putNameFile()
}

// busConfig is a session bus that also admits root, which is the lab.
func (s *Shell) busConfig() string {
	return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path=` + s.dir + `/bus</listen>
  <standard_session_servicedirs/>
  <policy context="default">
    <allow user="root"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
`
}

func (s *Shell) startBus(ctx context.Context) error {
	bus, err := s.Start("session-bus", netns.Command{Args: []string{"dbus-daemon", "--config-file=" + s.dir + "/session.conf", "--nofork", "--nopidfile"}})
	if err != nil {
		return err
	}
	return netns.Await(ctx, "the session bus", shellLimit, func() (err error) {
		if err := bus.Running(); err != nil {
			return err
		}
		s.session, err = dbus.Connect("unix:path=" + s.dir + "/bus")
		return err
	})
}

// startKeyring starts the keyring and unlocks it. Without one the shell refuses every request before it asks for anything;
// with a locked one it asks for the keyring's password.
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
	if err := s.desktop.LogMore(ctx, "AGENTS:DEBUG"); err != nil { // who is an agent is told by the log alone
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

// Start starts a program in the session.
func (s *Shell) Start(name string, c netns.Command) (*netns.Process, error) {
	c.User, c.Env = netns.Person, append(s.env, c.Env...)
	return s.desktop.Start(name, c)
}

// StartNotifier starts what autostart would, and has the shell show what it says.
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

// owned is an error unless somebody has a name on the session bus.
func (s *Shell) owned(name string) error {
	var has bool
	if err := s.session.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has); err != nil || !has {
		return fmt.Errorf("nobody has %s on the session bus (%v)", name, err)
	}
	return nil
}

// Give puts a file into the person's home and returns its path.
func (s *Shell) Give(name string, content []byte) (string, error) {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return "", err
	}
	return path, os.Chown(path, netns.Person, netns.Person)
}

// FlipVPN flips the switch of a VPN connection in the system menu, until NetworkManager is asked to connect it. The shell's
// widgets have actions, but those do nothing.
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

// Picture is the middle of the screen, where prompts are. It takes some seconds.
func (s *Shell) Picture(ctx context.Context) (image.Image, error) {
	if err := s.Unplug(); err != nil {
		return nil, err
	}
	if err := s.Program("gnome-shell").AwaitNone(ctx, "push button", "Stop Screen Sharing"); err != nil {
		return nil, err
	}
	return s.picture("ScreenshotArea", int32(192), int32(94), int32(640), int32(580), false)
}

// TopPicture is the middle of the upper edge of the screen, where notifications are.
func (s *Shell) TopPicture(context.Context) (image.Image, error) {
	return s.picture("ScreenshotArea", int32(192), int32(0), int32(640), int32(240), false)
}

// WindowPicture is the window that has the keyboard.
func (s *Shell) WindowPicture(context.Context) (image.Image, error) {
	return s.picture("ScreenshotWindow", true, false, false)
}

func (s *Shell) picture(method string, args ...any) (image.Image, error) {
	// GNOME Shell makes pictures only for programs it knows, by their names on the bus.
	if _, err := s.session.RequestName("org.gnome.Screenshot", dbus.NameFlagDoNotQueue); err != nil {
		return nil, err
	}
	const name = "org.gnome.Shell.Screenshot"
	file := s.dir + "/picture.png"
	var done bool
	err := s.session.Object(name, "/org/gnome/Shell/Screenshot").Call(name+"."+method, 0, append(args, file)...).Store(&done, &file)
	if err != nil || !done {
		return nil, fmt.Errorf("GNOME Shell made no picture: %v, %w", done, err)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}
