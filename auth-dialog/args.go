// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

const usage = `Usage: nm-softether-auth-dialog -u UUID -n NAME -s SERVICE [OPTION]...

Tells a NetworkManager secret agent which secrets a SoftEther connection wants.
The agent describes the connection on standard input.

  -u, --uuid UUID           UUID of the connection
  -n, --name NAME           name of the connection
  -s, --service SERVICE     org.freedesktop.NetworkManager.softether
  -i, --allow-interaction   the person may be asked
  -r, --reprompt            stored secrets were wrong
  -t, --hint HINT           name of a wanted secret, or x-vpn-message:TEXT
      --external-ui-mode    write what to ask as a key file; the agent asks
  -h, --help                this text

See nm-settings-softether(5) and nmcli(1).
`

// options are the arguments (networkmanager.md 5.2).
type options struct {
	uuid, name, service string
	hints               []string
	interactive         bool // -i
	reprompt            bool // -r
	external            bool
	terminal            bool // nmcli or nmtui ask; no argument
	help                bool
}

// parseArgs reads arguments as GOption would, in any order and in the forms -uX, -u X, --uuid=X and --uuid X.
// It ignores what it does not know, since agents newer than this program may pass more.
func parseArgs(args []string) options {
	var o options
	valued := map[string]func(string){
		"uuid":    func(s string) { o.uuid = s },
		"name":    func(s string) { o.name = s },
		"service": func(s string) { o.service = s },
		"hint":    func(s string) { o.hints = append(o.hints, s) },
	}
	plain := map[string]*bool{
		"allow-interaction": &o.interactive, "reprompt": &o.reprompt,
		"external-ui-mode": &o.external, "help": &o.help,
	}
	long := map[byte]string{'u': "uuid", 'n': "name", 's': "service", 't': "hint", 'i': "allow-interaction", 'r': "reprompt", 'h': "help"}

	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		// take sets the value of an option: what is attached to it, or the next argument.
		take := func(set func(string), attached string, has bool) {
			if !has && len(args) > 0 {
				attached, args, has = args[0], args[1:], true
			}
			if has {
				set(attached)
			}
		}
		switch {
		case arg == "--":
			return o
		case strings.HasPrefix(arg, "--"):
			name, value, has := strings.Cut(arg[2:], "=")
			if set := valued[name]; set != nil {
				take(set, value, has)
			} else if flag := plain[name]; flag != nil {
				*flag = true
			}
		case strings.HasPrefix(arg, "-"):
			for letters := arg[1:]; letters != ""; letters = letters[1:] {
				name := long[letters[0]]
				if set := valued[name]; set != nil {
					take(set, letters[1:], len(letters) > 1)
					break
				} else if flag := plain[name]; flag != nil {
					*flag = true
				}
			}
		}
	}
	return o
}
