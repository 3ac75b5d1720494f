// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/profile/vpnfile"
)

// importFile reads a .vpn file. Settings programs try every plugin on every file, so a file that is not ours
// results in an error quickly, whatever it is: only regular files are opened for reading, and no more is read
// than a .vpn file may contain.
func importFile(path string) (*vpnfile.Connection, []profile.Warning, error) {
	text, err := readRegular(path, vpnfile.MaxSize+1)
	if errors.Is(err, errNotRegular) {
		return nil, nil, po.Errorf("%s: %w: it is not a regular file", path, vpnfile.ErrForeign)
	}
	if err != nil {
		return nil, nil, err
	}
	account, remarks, err := vpnfile.Read(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	c, warnings, err := account.Connection(fingerprint)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, append(remarks, warnings...), nil
}

// errNotRegular is for the callers of readRegular, which have better words for a person.
var errNotRegular = errors.New("irregular")

// readRegular reads up to limit bytes of a regular file. A non-nil error is errNotRegular or a
// *[fs.PathError].
func readRegular(path string, limit int) ([]byte, error) {
	// Without O_NONBLOCK, opening a named pipe would wait for its other end.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := stat(f)
	if err != nil {
		return nil, err
	}
	if !regular(st) {
		return nil, errNotRegular
	}
	return io.ReadAll(io.LimitReader(f, int64(limit)))
}

// stat is f.Stat without its os.FileInfo: the times in that would bring all of package time into every
// settings program, with its formats and zones.
func stat(f *os.File) (st syscall.Stat_t, err error) {
	if err := syscall.Fstat(int(f.Fd()), &st); err != nil {
		return st, &fs.PathError{Op: "fstat", Path: f.Name(), Err: err}
	}
	return st, nil
}

func regular(st syscall.Stat_t) bool { return st.Mode&syscall.S_IFMT == syscall.S_IFREG }

// exportFile writes a .vpn file that only its owner can read, since it may contain passwords.
func exportFile(path string, c *vpnfile.Connection) ([]profile.Warning, error) {
	account, warnings, err := vpnfile.FromConnection(c, fingerprint)
	if err != nil {
		return nil, err
	}
	return warnings, save(path, account.Marshal())
}

// fileName suggests a name for an exported file.
func fileName(id string) string {
	name := strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < ' ' || r == '/' || r == 0x7f {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(id, "_")), ".")
	for len(name) > 200 { // NAME_MAX is 255
		name = strings.ToValidUTF8(name[:200], "")
	}
	if name == "" {
		name = "softether"
	}
	return name + ".vpn"
}

// plain removes the operation from an error about a file: the host itself says what it was doing.
func plain(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}
