// SPDX-License-Identifier: Apache-2.0

// Command demo shows everything that a SoftEther VPN with NetworkManager does, against a real
// softether-vpnserver, in a network of its own: nothing of this machine's network is used or changed. `make
// demo` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
)

func main() { os.Exit(netns.Main(run)) }

func run() int {
	installed := flag.Bool("installed", false, "use the plugin that is installed on this machine instead")
	limit := flag.Duration("limit", 3*time.Minute, "give up after this long")
	verbose := flag.Bool("v", false, "in the end, print what the VPN service logged")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()

	opts := lab.Options{Progress: os.Stdout, Plugin: desktop.Plugin{Installed: *installed}}
	if !*installed {
		if err := opts.FindPrograms(); err != nil {
			fmt.Fprintln(os.Stderr, "demo:", err)
			return 1
		}
	}
	d := &demo{out: os.Stdout}
	err := d.play(ctx, opts)
	if d.lab != nil {
		if err != nil {
			fmt.Fprintf(os.Stderr, "\nWhat the VPN service and NetworkManager logged:\n%s\nWhat the server logged:\n%s\n", d.lab.Desktop.VPNLog(0), d.lab.Server.Log(20))
		} else if *verbose {
			fmt.Println(d.lab.Desktop.VPNLog(0))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: FAILED:", err)
		return 1
	}
	return 0
}
