// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// save writes a file that only its owner can read. If a file of that name exists, it stays as it is until all
// of the new one has been written, where that is possible.
func save(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if st, err := stat(f); err == nil && regular(st) {
		if done, err := replace(path, st, text); done || err != nil {
			return err
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
		if st.Mode&0o077 != 0 { // a file that existed before
			if err := f.Chmod(0o600); err != nil {
				return err
			}
		}
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Close()
}

// replace writes text to a new file and puts that in the place of old, which is at path, or where the link at
// path leads. It reports false if that cannot be done, as in a directory where the person may not write, or
// would change more than the content: whose the file is, or what else is a name of it.
func replace(path string, old syscall.Stat_t, text []byte) (done bool, err error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil || old.Nlink != 1 {
		return false, nil
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".softether-*")
	if err != nil {
		return false, nil
	}
	defer func() {
		f.Close()
		if !done {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if st, err := stat(f); err != nil || st.Uid != old.Uid {
		return false, nil
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		return false, &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return syscall.Rename(f.Name(), target) == nil, nil
}
