// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"network-manager-softether/profile"
)

// version is set by the build.
var version = "unknown"

// options are the command line, from NetworkManager or a developer.
type options struct {
	busName string
	persist bool
	debug   bool
}

func main() {
	opts, err := parseArgs(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2) // flag has said why
	}
	about := new(subject)
	log := newLogger(os.Getenv, opts.debug, about)
	if err := serve(opts, log, about); err != nil {
		log.Error("cannot serve", "error", err)
		os.Exit(1)
	}
}

func parseArgs(args []string) (options, error) {
	var o options
	showVersion := false
	f := flag.NewFlagSet(logName, flag.ContinueOnError)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "Usage: %s [--bus-name NAME] [--persist] [--debug]\n\n"+
			"The NetworkManager VPN service for SoftEther. NetworkManager starts it; see the manual page\n"+
			"nm-settings-softether(5) for what a connection can have.\n\n", logName)
		f.PrintDefaults()
	}
	f.StringVar(&o.busName, "bus-name", profile.ServiceType, "D-Bus name to own")
	f.BoolVar(&o.persist, "persist", false, "wait for a connection for ever")
	f.BoolVar(&o.debug, "debug", false, "log more, to standard error, and do not end with the caller")
	f.BoolVar(&showVersion, "version", false, "print the version and exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		fmt.Fprintf(f.Output(), "%s: unexpected argument %q\n", logName, f.Arg(0))
		return o, errors.New("unexpected argument")
	}
	if showVersion {
		fmt.Println(logName, version)
		return o, flag.ErrHelp
	}
	return o, nil
}

// serve owns the bus name until the connection has ended.
func serve(opts options, log *slog.Logger, about *subject) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)

	o, err := offerAsOwnUser(opts, log, about)
	if err != nil {
		return err
	}
	conn, c := o.conn, o.connection
	defer conn.Close()
	go c.run()
	log.Debug("serving", "name", opts.busName, "version", version)

	go func() {
		select {
		case s := <-signals:
			c.post(func() {
				c.notice("disconnecting: the process was told to end", "signal", s.String())
				c.stop()
			})
		case <-conn.Context().Done():
			c.post(func() {
				c.peerGone("the connection to the bus is lost")
			})
		}
	}()
	<-c.gone
	c.awaitAttempts()
	o.plugin.Flush()
	return nil
}
