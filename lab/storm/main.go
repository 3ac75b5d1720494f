// SPDX-License-Identifier: Apache-2.0

// Command storm keeps several VPNs and byte-checked streams running while faults of the tunnel and of the
// networks below it strike at random, and reports what was survived and what is left in the end. `make storm`
// runs it, and `make check` runs a short one with a fixed seed.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"network-manager-softether/lab/netns"
)

func main() { os.Exit(netns.Main(run)) }

// options are the command line.
type options struct {
	length  time.Duration
	seed    uint64
	only    string // kinds of faults, comma-separated; "" is all
	verbose bool
	// calm leaves out full tunnels, IPv6, sleep and simultaneous faults: the rest has to hold on any computer
	// within a few minutes.
	calm bool
}

func run() int {
	var o options
	flag.DurationVar(&o.length, "length", time.Hour, "how long faults strike")
	flag.Uint64Var(&o.seed, "seed", 0, "draw the faults of the storm that had this seed (0: of a new one)")
	flag.StringVar(&o.only, "only", "", "draw only these faults, comma-separated: "+strings.Join(faultNames(), ", "))
	flag.BoolVar(&o.verbose, "v", false, "have the services log all they can")
	flag.Parse()
	if o.seed == 0 {
		o.seed = rand.Uint64() >> 32
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.length+limit*time.Duration(10))
	defer cancel()
	said := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	said("A storm of %v, seed %d.", o.length, o.seed)
	r, err := weather(ctx, o, said)
	if r != nil {
		fmt.Print(r)
	}
	if err == nil {
		err = r.verdict()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm: FAILED:", err)
		return 1
	}
	return 0
}
