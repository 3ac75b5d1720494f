// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"network-manager-softether/po"
	"network-manager-softether/po/catalog"
	"network-manager-softether/strict/guard"
)

const program = "nm-softether-strict"

// version is set by the build.
var version = "unknown"

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	catalog.Load()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program; it returns its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if err != nil {
		fmt.Fprintln(stderr, program+":", err)
		fmt.Fprintln(stderr, po.F("Try “%s --help” for more information.", program))
		return exitUsage
	}
	switch o.command {
	case "--help":
		_, err = io.WriteString(stdout, usage())
	case "--version":
		_, err = fmt.Fprintln(stdout, program, version)
	default:
		err = o.do(ctx, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, program+":", clean(err.Error()))
		return exitFailed
	}
	return exitOK
}

func (o *options) do(ctx context.Context, stdout io.Writer) error {
	m, err := guard.Open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	s, err := m.Read()
	if err != nil {
		return err
	}
	switch {
	case o.command == "status":
		return status(stdout, m, s)
	case o.all:
		if err := m.OffAll(); err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, po.T("Strict mode is off."))
		return err
	}
	v, err := s.Find(o.name)
	if err != nil {
		return o.offUnseen(stdout, m, s, err)
	}
	connected := m.Connected(v)
	var text string
	if o.command == "on" {
		one, err := m.On(v, guard.Wish{LAN: o.lan, Servers: o.servers})
		if err != nil {
			return err
		}
		text = po.F("Strict mode is on for “%s”: outside the VPN, all traffic except to %s is blocked.", clean(v.Name()), addresses(one.Servers))
	} else {
		left, err := m.Off(v)
		if err != nil {
			return err
		}
		text = off(v.Name(), s, left)
	}
	if connected { // NetworkManager does not activate what is active
		text += "\n" + po.T("If the VPN is connected now, connect it again:") +
			"\n  nmcli connection down uuid " + v.UUID() + "\n  nmcli connection up uuid " + v.UUID()
	}
	_, err = fmt.Fprintln(stdout, text)
	return err
}

// offUnseen turns strict mode off for a connection that is not there to be changed: deleted, or somebody
// else's. Of such a one, the guard knows the UUID only.
func (o *options) offUnseen(stdout io.Writer, m *guard.Manager, s guard.State, notFound error) error {
	if o.command != "off" {
		return notFound
	}
	if _, locked := s.Locks[o.name]; locked {
		left, err := m.Forget(o.name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, off(o.name, s, left))
		return err
	}
	if len(s.Locks) == 0 {
		return notFound
	}
	return fmt.Errorf("%w\n%s", notFound, stillBlocked(s, s.Locks))
}

// off says for which connection nothing is blocked any more, and for which ones it still is.
func off(name string, s guard.State, left guard.Locks) string {
	text := po.F("Strict mode is off for “%s”.", clean(name))
	if len(left) > 0 {
		text += "\n" + stillBlocked(s, left)
	}
	return text
}

func stillBlocked(s guard.State, l guard.Locks) string {
	var names []string
	for _, uuid := range l.UUIDs() {
		names = append(names, nameOf(s, uuid))
	}
	return po.T("Traffic is still blocked for other connections:") + " " + strings.Join(names, ", ")
}

// nameOf returns the name of a connection, or its UUID if it is not to be seen.
func nameOf(s guard.State, uuid string) string {
	if v, err := s.Find(uuid); err == nil {
		return clean(v.Name())
	}
	return clean(uuid)
}

// status reports what is blocked, and why.
func status(stdout io.Writer, m *guard.Manager, s guard.State) error {
	blocked, err := m.Blocked()
	if err != nil {
		return err
	}
	var b strings.Builder
	switch {
	case !blocked:
		b.WriteString(po.T("Traffic outside VPNs is not blocked.") + "\n")
	case s.Locks.LAN():
		b.WriteString(po.T("Traffic outside VPNs is blocked, except in the local network.") + "\n")
	default:
		b.WriteString(po.T("Traffic outside VPNs is blocked.") + "\n")
	}
	for _, uuid := range s.Locks.UUIDs() {
		fmt.Fprintf(&b, "  %s: %v\n", nameOf(s, uuid), s.Locks[uuid])
	}
	_, err = io.WriteString(stdout, b.String())
	return err
}

func addresses(list []netip.Addr) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}
