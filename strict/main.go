// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"network-manager-softether/po"
	"network-manager-softether/po/catalog"
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
	m, err := openManager(ctx)
	if err != nil {
		return err
	}
	defer m.close()
	c, err := m.connections()
	if err != nil {
		return err
	}
	l := readLocks(c.guard.settings)
	switch o.command {
	case "status":
		return status(stdout, m, c.vpns, l)
	case "on":
		v, err := find(c.vpns, o.name)
		if err != nil {
			return err
		}
		return o.on(m, v, c, l, stdout)
	}
	if o.all {
		return offAll(m, c, stdout)
	}
	v, err := find(c.vpns, o.name)
	if err != nil {
		return err
	}
	return off(m, v, c, l, stdout)
}

// on blocks first and lets the VPN through then: what stands between is a computer that reaches nothing.
func (o *options) on(m *manager, v vpn, c connections, l locks, stdout io.Writer) error {
	host, err := v.entrance()
	if err != nil {
		return err
	}
	one := lock{lan: o.lan, servers: slices.Clone(o.servers)}
	found, err := lookup(m.ctx, host)
	switch {
	case err == nil:
		one.servers = tidy(append(one.servers, found...))
	case len(one.servers) > 0:
	case len(l[v.uuid()].servers) > 0:
		one.servers = l[v.uuid()].servers // strict mode is on, so nobody can be asked
	default:
		return po.Errorf("the name %s could not be resolved; give the addresses after the connection: %w", host, err)
	}
	before, had := l[v.uuid()]
	l[v.uuid()] = one
	if err := m.keep(c.guard, l); err != nil {
		return err
	}
	if err := m.update(v, v.locked(one)); err != nil {
		if had {
			l[v.uuid()] = before
		} else {
			delete(l, v.uuid())
		}
		now, errNow := m.connections()
		if errNow == nil {
			errNow = m.keep(now.guard, l)
		}
		return errors.Join(err, errNow)
	}
	m.stamp(c.networks, l)
	_, err = fmt.Fprintln(stdout, po.F("Strict mode is on for “%s”: outside the VPN, all traffic except to %s is blocked.", clean(v.name()), addresses(one.servers))+
		"\n"+po.T("If the VPN is connected now, connect it again:")+"\n  nmcli connection up uuid "+v.uuid())
	return err
}

// off takes the VPN's routes back into the ordinary table before the rules go.
func off(m *manager, v vpn, c connections, l locks, stdout io.Writer) error {
	if err := m.update(v, v.unlocked()); err != nil {
		return err
	}
	delete(l, v.uuid())
	m.stamp(c.networks, l)
	if err := m.keep(c.guard, l); err != nil {
		return err
	}
	text := po.F("Strict mode is off for “%s”.", clean(v.name()))
	if len(l) > 0 {
		text += "\n" + po.T("Traffic is still blocked for other connections:") + " " + strings.Join(uuids(l), " ")
	}
	_, err := fmt.Fprintln(stdout, text+"\n"+po.T("If the VPN is connected now, connect it again:")+"\n  nmcli connection up uuid "+v.uuid())
	return err
}

// offAll is for the person who has lost a profile, and with it the way to the network.
func offAll(m *manager, c connections, stdout io.Writer) error {
	var errs []error
	for _, v := range c.vpns {
		if v.bound() {
			errs = append(errs, m.update(v, v.unlocked()))
		}
	}
	m.stamp(c.networks, locks{})
	errs = append(errs, m.keep(c.guard, locks{}))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := fmt.Fprintln(stdout, po.T("Strict mode is off."))
	return err
}

// status says what is blocked, and why.
func status(stdout io.Writer, m *manager, list []vpn, l locks) error {
	_, active, err := m.active()
	if err != nil {
		return err
	}
	var b strings.Builder
	switch {
	case active == "":
		b.WriteString(po.T("Traffic outside VPNs is not blocked.") + "\n")
	case l.lan():
		b.WriteString(po.T("Traffic outside VPNs is blocked, except in the local network.") + "\n")
	default:
		b.WriteString(po.T("Traffic outside VPNs is blocked.") + "\n")
	}
	for _, uuid := range uuids(l) {
		name := uuid
		if v, err := find(list, uuid); err == nil {
			name = v.name()
		}
		fmt.Fprintf(&b, "  %s: %v\n", clean(name), l[uuid])
	}
	_, err = io.WriteString(stdout, b.String())
	return err
}

func uuids(l locks) []string {
	list := make([]string, 0, len(l))
	for uuid := range l {
		list = append(list, uuid)
	}
	slices.Sort(list)
	return list
}

func addresses(list []netip.Addr) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}
