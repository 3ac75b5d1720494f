// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"os"

	"github.com/godbus/dbus/v5"
)

// Picture returns the middle of the screen, where prompts appear. It takes some seconds.
func (s *Shell) Picture(ctx context.Context) (image.Image, error) {
	if err := s.Unplug(); err != nil {
		return nil, err
	}
	if err := s.Program("gnome-shell").AwaitNone(ctx, "push button", "Stop Screen Sharing"); err != nil {
		return nil, err
	}
	return s.picture("ScreenshotArea", int32(192), int32(94), int32(640), int32(580), false)
}

// TopPicture returns the middle of the upper edge of the screen, where notifications appear.
func (s *Shell) TopPicture(context.Context) (image.Image, error) {
	return s.picture("ScreenshotArea", int32(192), int32(0), int32(640), int32(240), false)
}

// WindowPicture returns the window that has the keyboard focus.
func (s *Shell) WindowPicture(context.Context) (image.Image, error) {
	return s.picture("ScreenshotWindow", true, false, false)
}

func (s *Shell) picture(method string, args ...any) (image.Image, error) {
	// GNOME Shell only makes pictures for programs that it knows, by their names on the bus.
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
