// SPDX-License-Identifier: Apache-2.0

// Nm-softether-status shows the state of this computer's SoftEther connections: server, cipher, addresses,
// UDP acceleration, traffic and interruptions overcome. It asks the services of the connections, each of
// which answers those who may see its profile, and shows the answers to people or, as JSON, to programs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
	"network-manager-softether/po/catalog"
)

const program = "nm-softether-status"

// version is set by the build.
var version = "unknown"

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // also: the connection asked for is not up
	exitUsage  = 2
)

// patience is for all answers together.
const patience = 5 * time.Second

func main() {
	catalog.Load()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

type options struct {
	json, version bool
	which         string // name, UUID or interface; "" = all
}

// run is the program; it returns its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage())
		return exitOK
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "%s: %s\n%s\n", program, plain(err.Error()), po.T(textErrHelp))
		return exitUsage
	case o.version:
		_, _ = fmt.Fprintln(stdout, program, version)
		return exitOK
	}
	if err := show(ctx, o, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %s\n", program, plain(err.Error()))
		return exitFailed
	}
	return exitOK
}

// flags are the options; they are read into o.
func flags(o *options) *flag.FlagSet {
	f := flag.NewFlagSet(program, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.json, "json", false, "")
	f.BoolVar(&o.version, "version", false, "")
	return f
}

// parseOptions reads the command line. The error is flag.ErrHelp when help is wanted.
func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := flags(o)
	var words []string
	for rest := args; ; {
		if err := f.Parse(rest); err != nil {
			return nil, understood(err)
		}
		if f.NArg() == 0 {
			break
		}
		words, rest = append(words, f.Arg(0)), f.Args()[1:]
	}
	switch len(words) {
	case 0:
	case 1:
		o.which = words[0]
	default:
		return nil, po.Errorf(textErrArgument, words[1])
	}
	return o, nil
}

// understood says in the language of the person that there is no such option. Package flag, which has no type
// for that error, only says so in English.
func understood(err error) error {
	for words, dash := range map[string]string{"flag provided but not defined: ": "-", "bad flag syntax: ": ""} {
		if option, ok := strings.CutPrefix(err.Error(), words); ok {
			return po.Errorf(textErrOption, dash+option)
		}
	}
	return err
}

// show asks all services and writes the connections that are wanted.
func show(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return po.Errorf(textErrBus, err)
	}
	defer bus.Close()
	found, silent, err := ask(ctx, bus)
	if err != nil {
		return po.Errorf(textErrBus, err)
	}
	if o.which != "" {
		found = wanted(found, o.which)
	}
	for _, err := range silent {
		_, _ = fmt.Fprintf(stderr, "%s: %s\n", program, plain(err.Error()))
	}
	if o.json {
		if err := writeJSON(stdout, found); err != nil {
			return err
		}
	}
	switch {
	case len(found) > 0 && !o.json:
		_, err = io.WriteString(stdout, text(found, time.Now()))
		return err
	case len(found) > 0:
		return nil
	case o.which != "":
		return po.Errorf(textErrNotUp, o.which)
	case len(silent) == 0 && !o.json:
		_, err = fmt.Fprintln(stdout, po.T(textNone))
		return err
	}
	return nil
}

// wanted returns those called which: by name, UUID or interface.
func wanted(all []connection, which string) []connection {
	var out []connection
	for _, c := range all {
		if which == c.ID || which == c.UUID || which == c.Interface {
			out = append(out, c)
		}
	}
	return out
}
