// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"network-manager-softether/auth-dialog/keyring"
	"network-manager-softether/profile"
)

// keyringPatience is how long the keyring may take. Agents wait for the program, and a person can still type
// what is not found.
const keyringPatience = 3 * time.Second

// recall adds those secrets to conn that are in the person's keyring.
func (s session) recall(o options, conn connection) error {
	names := kept(o, conn)
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyringPatience)
	defer cancel()
	found, err := s.keyring(ctx, o.uuid, names)
	maps.Copy(conn.secrets, found)
	return err
}

// kept lists the passwords to look for in the keyring: those that the agent keeps and did not pass on. A
// password that must be asked for again is not among them, as the one in the keyring is wrong.
func kept(o options, conn connection) []string {
	w := readHints(o.hints)
	if o.uuid == "" || o.reprompt && !w.hinted() {
		return nil
	}
	var names []string
	for _, name := range secretNames {
		flags := profile.FlagsOf(conn.data, name)
		if conn.secrets[name] == "" && flags&profile.AgentOwned != 0 && flags&profile.NotSaved == 0 && !slices.Contains(w.names, name) {
			names = append(names, name)
		}
	}
	return names
}

// sessionKeyring reads the keyring on the session bus, if there is one.
func sessionKeyring(ctx context.Context, uuid string, names []string) (map[string]string, error) {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		socket := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus") // systemd's, for programs outside the session
		if _, err := os.Stat(socket); !filepath.IsAbs(socket) || err != nil {
			return nil, nil
		}
		address = "unix:path=" + socket
	}
	return keyring.Secrets(ctx, address, uuid, names)
}
