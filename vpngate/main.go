// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"os/user"
	"slices"
	"syscall"

	"network-manager-softether/po"
	"network-manager-softether/po/catalog"
)

const program = "nm-softether-vpngate"

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
	owner := ""
	if u, err := user.Current(); err == nil && u.Uid != "0" {
		owner = u.Username
	}
	p := &session{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		width: terminalWidth(os.Stdout), progress: isTerminal(os.Stderr), owner: owner,
	}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// A session is one run of the program and its environment.
type session struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	width          int    // of the terminal behind stdout; 0 = no limit
	progress       bool   // whether stderr is a terminal
	owner          string // who gets the connection for themselves; "" = everybody, as for root
}

// run is the program; it returns its exit status.
func (s *session) run(ctx context.Context, args []string) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = io.WriteString(s.stdout, usage())
		return exitOK
	}
	if err != nil {
		s.say(program + ": " + clean(err.Error()))
		s.say(po.T(textErrHelp))
		return exitUsage
	}
	if o.version {
		_, _ = fmt.Fprintln(s.stdout, program, version)
		return exitOK
	}
	if err := s.do(ctx, o); err != nil {
		s.say(program + ": " + clean(err.Error()))
		return exitFailed
	}
	return exitOK
}

// say writes a line for people.
func (s *session) say(line string) { _, _ = fmt.Fprintln(s.stderr, line) }

func (s *session) do(ctx context.Context, o *options) error {
	data, err := s.load(ctx, o)
	if err != nil {
		return err
	}
	l, err := parseList(data)
	if err != nil {
		return err
	}
	chosen, err := choose(l.relays, o.wish)
	if err != nil {
		return err
	}
	if o.command == cmdAdd {
		return s.add(ctx, o, chosen)
	}
	return s.list(o, l, chosen)
}

func (s *session) load(ctx context.Context, o *options) ([]byte, error) {
	if o.file != "" {
		return readFile(ctx, o.file, s.stdin, maxList)
	}
	tell := func(int) {}
	if s.progress {
		line := &progress{w: s.stderr}
		line.tell(0)
		defer line.done()
		tell = line.tell
	}
	return fetch(ctx, cmp.Or(o.url, defaultURL), bounds{maxList, o.timeout}, tell)
}

func (s *session) list(o *options, l *list, chosen []relay) error {
	if o.json {
		return written(writeJSON(s.stdout, jsonOf(l, chosen)))
	}
	if len(chosen) > 0 {
		if err := writeTable(s.stdout, chosen, s.width); err != nil {
			return written(err)
		}
	}
	s.say(po.F(textShown, len(chosen), len(l.relays)))
	if l.noTCP > 0 {
		s.say(po.F(textNoTCP, l.noTCP))
	}
	if l.damaged > 0 {
		s.say(po.F(textDamaged, l.damaged))
	}
	if !l.complete {
		s.say(po.T(textIncomplete))
	}
	return nil
}

func (s *session) add(ctx context.Context, o *options, chosen []relay) error {
	r, err := pick(o, chosen)
	if err != nil {
		return err
	}
	nm, err := openSettings(ctx)
	if err != nil {
		return err
	}
	defer nm.close()
	owner := s.owner
	if o.public {
		owner = ""
	}
	e, added, err := nm.add(ctx, r, owner)
	if err != nil {
		return err
	}
	if o.json {
		return written(writeJSON(s.stdout, jsonAdded{Name: clean(e.name), UUID: e.uuid, Address: r.addr.String(), Port: r.port, Added: added}))
	}
	text := po.F(textAdded, e.name)
	if !added {
		text = po.F(textAlready, clean(e.name))
	}
	// The commands are meant to be copied, so they contain no text to translate.
	text += "\n" + po.T(textConnect) + "\n  nmcli --ask connection up uuid " + clean(e.uuid) +
		"\n" + po.T(textDisconnect) + "\n  nmcli connection down uuid " + clean(e.uuid) + "\n"
	if added {
		text += "\n" + filled(po.T(textTrust)) + "\n" + filled(po.T(textPrivacy)) + "\n"
	}
	_, err = io.WriteString(s.stdout, text)
	return written(err)
}

// pick returns the relay that add should use.
func pick(o *options, chosen []relay) (relay, error) {
	i := 0
	if o.address.IsValid() {
		i = slices.IndexFunc(chosen, func(r relay) bool { return r.addr == o.address && (o.port == 0 || r.port == o.port) })
		if i < 0 {
			name := o.address.String()
			if o.port != 0 {
				name = netip.AddrPortFrom(o.address, o.port).String()
			}
			return relay{}, po.Errorf(textErrUnknown, name)
		}
	}
	if len(chosen) == 0 {
		return relay{}, po.Error(textErrNone)
	}
	return chosen[i], nil
}

func written(err error) error {
	if err != nil {
		return po.Errorf(textErrWrite, err)
	}
	return nil
}
