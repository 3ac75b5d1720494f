// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/netns"
)

// StartSession starts only the bus of the session: a desktop that has neither a screen nor a secret agent.
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

// Bus returns the session bus, where the lab is root.
func (s *Shell) Bus() *dbus.Conn { return s.session }

// files creates the person's home, which also contains the sockets.
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

// openPlugin copies what runs as the person to where they may read it: the directory in which it was built
// may be closed to them.
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

// busConfig returns that of a session bus that also admits root, which is the lab.
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

// Start starts a program in the session.
func (s *Shell) Start(name string, c netns.Command) (*netns.Process, error) {
	c.User, c.Env = netns.Person, append(s.env, c.Env...)
	return s.desktop.Start(name, c)
}

// owned returns an error unless somebody owns a name on the session bus.
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
