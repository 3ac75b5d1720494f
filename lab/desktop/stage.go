// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"network-manager-softether/lab/netns"
)

// stageDirVar is the environment variable that names a stage other than the tree's own.
const stageDirVar = "LAB_PREFIX"

// Stage is the one name of a build: the directory into which `make stage` installs the plugin, as for a
// package. It is LAB_PREFIX, or build/stage in the tree that the program was started in. In the lab it is
// root's copy of that directory, as libnm loads no plugin of another owner, and the person at the desktop
// cannot look into the builder's home.
func Stage() (string, error) {
	dir, err := BuiltStage()
	if err != nil || !netns.Inside() || !isDir(dir) {
		return dir, err
	}
	return copies.of(dir)
}

var copies = rootCopies{made: make(map[string]string)}

type rootCopies struct {
	mu   sync.Mutex
	made map[string]string // guarded by mu; by the folder copied
}

// of returns the copy of a directory, which is made once. It disappears with the lab's /run.
func (c *rootCopies) of(dir string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if made, ok := c.made[dir]; ok {
		return made, nil
	}
	made, err := os.MkdirTemp("/run", "stage")
	if err == nil {
		err = errors.Join(os.Chmod(made, 0o755), os.CopyFS(made, os.DirFS(dir)))
	}
	if err != nil {
		return "", fmt.Errorf("copying what is installed in %s: %w", dir, err)
	}
	c.made[dir] = made
	return made, nil
}

// BuiltStage returns the original directory, which is in the build directory that it was installed from.
func BuiltStage() (string, error) {
	if dir := os.Getenv(stageDirVar); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; !isFile(filepath.Join(dir, "go.mod")); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("this is outside of the source tree, so %s has to name the folder that `make stage` installed into", stageDirVar)
		}
	}
	return filepath.Join(dir, "build", "stage"), nil
}

// FindPrograms sets the programs under test from the stage.
func (p *Plugin) FindPrograms() error {
	stage, err := Stage()
	if err != nil {
		return err
	}
	for name, where := range map[string]*string{
		"nm-softether-service": &p.Service, "nm-softether-auth-dialog": &p.AuthDialog, "nm-softether-notify": &p.Notifier,
		"nm-softether-service.conf": &p.Policy, "libnm-vpn-plugin-softether.so": &p.Editor,
	} {
		if *where, err = installedAs(stage, name); err != nil && where != &p.Editor { // which a build may leave out
			return err
		}
	}
	return nil
}

// installedAs returns where a file is in the stage: prefix and library directory are up to the build.
func installedAs(stage, name string) (string, error) {
	var found []string
	err := filepath.WalkDir(stage, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == name && e.Type().IsRegular() {
			found = append(found, path)
		}
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(found) == 0:
		return "", fmt.Errorf("no %s is installed in %s: run `make stage`, or name the folder it installed into in %s", name, stage, stageDirVar)
	case err == nil && len(found) > 1:
		return "", fmt.Errorf("%s is there %d times (%s): %s must name the folder that `make stage` installed into, not one around it",
			name, len(found), found, stageDirVar)
	case err != nil:
		return "", err
	}
	return found[0], nil
}

func isDir(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.IsDir()
}

func isFile(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular()
}
