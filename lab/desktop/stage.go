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

// Stage is the one name of a build: the folder that `make stage` installs the plugin into, as a package is made from.
// It is LAB_PREFIX, or build/stage in the tree the program was started in. In the lab it is root's copy of that folder, as
// libnm loads no plugin of another owner, and the person at the desktop cannot look into the home of who builds.
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

// of returns the copy of a folder, which is made once. It goes away with the lab's /run.
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

// BuiltStage is the folder itself, which is in the build folder that it was installed from.
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

// FindPrograms fills in the programs under test from the stage.
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

// installedAs returns where the stage has a file: prefix and library folder are the build's to choose.
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
