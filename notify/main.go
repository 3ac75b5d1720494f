// SPDX-License-Identifier: Apache-2.0

// Nm-softether-notify tells the person at a desktop, in their language, why a SoftEther connection failed or
// ended, and when its session is lost or back. NetworkManager has three reasons for all failures, and GNOME
// one sentence for them.
//
// It is started with the session (XDG autostart) and has no window. The service announces on the system bus
// what has happened, without names (package notice); the names are in the profile, which NetworkManager shows
// to those it belongs to. Where this program does not run, or nobody shows notifications, the journal says
// the same.
//
// It also makes strict mode follow the profiles (package guard): "Traffic outside the VPN" on the settings
// page is a key in the profile, and the rules that block traffic are set up here, as the person, whom
// NetworkManager permits to change them or not.
//
// One goroutine, in [watcher.run], owns the state of the notifications; another one, in [keeper.run], that of
// strict mode.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po/catalog"
)

const program = "nm-softether-notify"

// version is set by the build.
var version = "unknown"

func main() {
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: %s\n\nShows notifications about SoftEther VPN connections. The desktop starts it with the session.\n\n", program)
		flag.PrintDefaults()
	}
	flag.Parse()
	if *showVersion {
		fmt.Println(program, version)
		return
	}
	catalog.Load()
	if err := start(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, err)
		os.Exit(1)
	}
}

// errRunning: there already is one in this session.
var errRunning = errors.New("already running in this session")

// sessionName is owned on the session bus, so that there is only one notifier per session.
const sessionName = "org.freedesktop.NetworkManager.softether.Notify"

// start works until one of the two buses is gone: then the session is over, or the computer shuts down.
func start() error {
	system, err := dbus.ConnectSystemBus(inOrder())
	if err != nil {
		return fmt.Errorf("connect to the system bus: %w", err)
	}
	defer system.Close()
	session, err := dbus.ConnectSessionBus()
	if err != nil {
		return fmt.Errorf("connect to the session bus: %w", err)
	}
	defer session.Close()
	err = serve(system, session)
	if errors.Is(err, errRunning) {
		return nil
	}
	return err
}

// inOrder has signals arrive as they were sent, however long the desktop takes to show something: by default,
// those that find the channel full come in any order, and a failure that is over would be shown last.
func inOrder() dbus.ConnOption { return dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()) }

func serve(system, session *dbus.Conn) error {
	reply, err := session.RequestName(sessionName, dbus.NameFlagDoNotQueue)
	if err != nil {
		return fmt.Errorf("take the name %s on the session bus: %w", sessionName, err)
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		return errRunning
	}
	d := &desktop{conn: session}
	k := newKeeper(overBus{system}, d)
	w, err := watch(system, d, &profiles{conn: system}, k)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(system.Context())
	var working sync.WaitGroup
	working.Go(func() { k.run(ctx) })
	defer working.Wait()
	defer cancel()
	w.run(session.Context().Done())
	return nil
}
