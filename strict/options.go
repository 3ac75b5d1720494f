// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"unicode"

	"network-manager-softether/po"
	"network-manager-softether/strict/guard"
)

// options is the command line.
type options struct {
	command string // on, off, status, --help, --version
	name    string // of the connection, or its UUID
	servers []netip.Addr
	lan     bool // on: private addresses of the local network stay reachable
	all     bool // off: for every connection
}

func parse(args []string) (*options, error) {
	o := &options{}
	var words []string
	for i, a := range args {
		switch {
		case a == "--help" || a == "--version":
			return &options{command: a}, nil
		case a == "--allow-lan":
			o.lan = true
		case a == "--all":
			o.all = true
		case a == "--":
			words = append(words, args[i+1:]...)
			return o, o.take(words)
		case strings.HasPrefix(a, "-"):
			return nil, po.Errorf("unknown option %s", a)
		default:
			words = append(words, a)
		}
	}
	return o, o.take(words)
}

// take reads the words that are not options.
func (o *options) take(words []string) error {
	if len(words) == 0 {
		return po.Error("no command given; use on, off or status")
	}
	o.command, words = words[0], words[1:]
	alone := o.command == "status" || o.command == "off" && o.all
	switch {
	case o.command != "on" && o.command != "off" && o.command != "status":
		return po.Errorf("unknown command “%s”; use on, off or status", o.command)
	case o.lan && o.command != "on", o.all && o.command != "off", alone && len(words) > 0, o.command == "off" && len(words) > 1:
		return po.Errorf("unexpected argument after “%s”", o.command)
	case alone:
		return nil
	case len(words) == 0:
		return po.Error("the name of the connection is missing")
	}
	o.name = words[0]
	for _, w := range words[1:] {
		a, err := netip.ParseAddr(w)
		if err != nil || !guard.Usable(a) {
			return po.Errorf("“%s” is not the address of a server", w)
		}
		o.servers = append(o.servers, a.Unmap())
	}
	return nil
}

// usageLines is what --help prints. A line without words is a heading or running text.
//
//po:extract help
var usageLines = []struct{ words, help string }{
	{help: "Usage:"},
	{words: "nm-softether-strict on [--allow-lan] NAME [ADDRESS...]", help: "block all traffic that does not go through this VPN, whether it is connected or not"},
	{words: "nm-softether-strict off NAME", help: "stop blocking"},
	{words: "nm-softether-strict off --all", help: "for all connections, including deleted ones"},
	{words: "nm-softether-strict status", help: "show what is blocked"},
	{},
	{help: "NAME is the name or the UUID of a SoftEther connection in NetworkManager. The name of its server is resolved now, and the addresses are stored; ADDRESS is an additional one, for example of a cluster member."},
	{words: "--allow-lan", help: "keep private addresses in the local network reachable"},
}

func usage() string {
	var b strings.Builder
	for _, l := range usageLines {
		if l.words == "" {
			b.WriteString(po.T(l.help) + "\n")
		} else {
			b.WriteString("  " + l.words + "\n      " + po.T(l.help) + "\n")
		}
	}
	return b.String()
}

// clean removes what could control a terminal: names of connections are anybody's text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
