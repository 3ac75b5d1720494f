// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"
	"net/netip"
	"strings"
	"time"

	"network-manager-softether/po"
)

// Commands.
const (
	cmdList = "list"
	cmdAdd  = "add"
)

// options is the command line.
type options struct {
	command string
	wish    wish
	address netip.Addr // add: this relay; the zero value = the first one
	port    uint16     // add: with this port; 0 = any
	url     string
	file    string
	timeout time.Duration
	json    bool
	public  bool // a connection for everybody
	version bool
}

// flags are the options; they are read into o and countries.
func flags(o *options, countries *string) *flag.FlagSet {
	f := flag.NewFlagSet(program, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(countries, "country", "", "")
	f.Float64Var(&o.wish.minSpeed, "min-speed", 0, "")
	f.Int64Var(&o.wish.maxPing, "max-ping", 0, "")
	f.StringVar(&o.wish.sort, "sort", orders[0].name, "")
	f.BoolVar(&o.wish.reverse, "reverse", false, "")
	f.IntVar(&o.wish.limit, "limit", 0, "")
	f.StringVar(&o.url, "url", "", "")
	f.StringVar(&o.file, "file", "", "")
	f.DurationVar(&o.timeout, "timeout", defaultTimeout, "")
	f.BoolVar(&o.json, "json", false, "")
	f.BoolVar(&o.public, "all-users", false, "")
	f.BoolVar(&o.version, "version", false, "")
	return f
}

// parseOptions reads the command line. Options may precede and follow other words. The error is flag.ErrHelp
// if help is wanted.
func parseOptions(args []string) (*options, error) {
	o := &options{}
	var countries string
	f := flags(o, &countries)
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
	if o.version {
		return o, nil
	}
	if len(words) == 0 {
		return nil, po.Error(textErrNoCommand)
	}
	o.command = words[0]
	if countries != "" {
		var err error
		if o.wish.countries, err = parseCountries(countries); err != nil {
			return nil, err
		}
	}
	if _, err := findOrder(o.wish.sort); err != nil {
		return nil, err
	}
	if err := o.checkNumbers(); err != nil {
		return nil, err
	}
	if o.url != "" && o.file != "" {
		return nil, po.Error(textErrBothSources)
	}
	return o, o.checkCommand(words[1:])
}

// understood says in the language of the person that there is no such option. Package flag, which has no type
// for that error, only says so in English.
func understood(err error) error {
	for words, dash := range map[string]string{"flag provided but not defined: ": "-", "bad flag syntax: ": ""} {
		if option, ok := strings.CutPrefix(err.Error(), words); ok {
			return po.Errorf(textErrOption, shown(dash+option, maxWord))
		}
	}
	return err
}

func (o *options) checkNumbers() error {
	switch w := o.wish; {
	case !(w.minSpeed >= 0 && w.minSpeed <= 1e9): // NaN fails too
		return po.Error(textErrMinSpeed)
	case w.maxPing < 0:
		return po.Error(textErrMaxPing)
	case w.limit < 0:
		return po.Error(textErrLimit)
	case o.timeout < time.Second || o.timeout > time.Hour:
		return po.Error(textErrTimeout)
	}
	return nil
}

// checkCommand checks the words after the command.
func (o *options) checkCommand(words []string) error {
	switch o.command {
	case cmdList:
		if o.public {
			return po.Error(textErrAllUsers)
		}
	case cmdAdd:
		if o.wish.limit != 0 {
			return po.Error(textErrAddLimit)
		}
		if len(words) > 0 {
			if err := o.parseAddress(words[0]); err != nil {
				return err
			}
			words = words[1:]
		}
	default:
		return po.Errorf(textErrCommand, shown(o.command, maxWord))
	}
	if len(words) > 0 {
		return po.Errorf(textErrArgument, shown(words[0], maxWord))
	}
	return nil
}

// parseAddress reads an address with or without a port.
func (o *options) parseAddress(s string) error {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		o.address = a.Unmap()
		return nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil || ap.Port() == 0 {
		return po.Errorf(textErrAddress, shown(s, maxWord))
	}
	o.address, o.port = ap.Addr().Unmap(), ap.Port()
	return nil
}
