// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/sandbox"
)

// offered is a connection that NetworkManager can call.
type offered struct {
	conn *dbus.Conn
	*connection
	plugin *nmvpn.Plugin
}

// offerAsOwnUser takes the bus name on a connection to the system bus that was opened as the service's user. The bus, and
// polkit and whoever else asks it, know a connection by the user who opened it, whatever rights the process gives up
// later. Where there is no such user, or the bus's policy does not know it yet, a connection of root's has to do.
func offerAsOwnUser(opts options, log *slog.Logger, about *subject) (offered, error) {
	asRoot := func() (*dbus.Conn, error) { return dbus.ConnectSystemBus() }
	if os.Geteuid() != 0 {
		return offer(asRoot, opts, log, about) // started by hand
	}
	o, err := offer(func() (conn *dbus.Conn, err error) {
		err = sandbox.AsServiceUser(func() error {
			conn, err = dbus.ConnectSystemBus()
			return err
		})
		return conn, err
	}, opts, log, about)
	if errors.Is(err, sandbox.ErrNoUser) || errors.Is(err, nmvpn.ErrNotAllowed) {
		log.Warn("the system bus takes this service for root, so a hole in it would be worth more", "error", err,
			"remedy", "run systemd-sysusers, then: busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig")
		return offer(asRoot, opts, log, about)
	}
	return o, err
}

// offer takes the bus name on a new connection to the bus. Calls wait until the returned connection runs.
func offer(connect func() (*dbus.Conn, error), opts options, log *slog.Logger, about *subject) (o offered, err error) {
	if o.conn, err = connect(); err != nil {
		return o, fmt.Errorf("connect to the system bus: %w", err)
	}
	defer func() {
		if err != nil {
			o.conn.Close()
		}
	}()
	if err := sandbox.NoCoreDumps(); err != nil { // before the first secret comes
		log.Warn("a crash may write passwords into a core dump", "error", err)
	}
	world := thisSystem
	world.watchSleep = func(log *slog.Logger, changed func(bool, func())) (func(), error) {
		return watchSleep(o.conn, log, changed)
	}
	world.nameServers = func(ctx context.Context, device string) ([]netip.Addr, error) {
		return nmvpn.NameServers(ctx, o.conn, device)
	}
	world.parents = func(ctx context.Context, uuid string) ([]string, error) {
		return nmvpn.Parents(ctx, o.conn, uuid)
	}
	world.editProfiles = func() (profileEditor, error) {
		conn, err := dbus.ConnectSystemBus()
		if err != nil {
			return nil, err
		}
		return &nmvpn.Editor{Conn: conn}, nil
	}
	o.connection = newConnection(log, about, world, opts.persist)
	if err := exportStatus(o.conn, o.connection); err != nil {
		return o, err
	}
	o.plugin, err = nmvpn.Serve(o.conn, opts.busName, o.connection, log, func(p *nmvpn.Plugin) { o.nm = p })
	return o, err
}
