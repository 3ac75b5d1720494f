// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
)

func main() { os.Exit(netns.Main(run)) }

// options are the command line.
type options struct {
	json, svg    string
	against      string // another build of the service, instead of the official client
	rounds       int
	length       time.Duration // of one measurement
	settle, idle time.Duration // the rest before the measurement of doing nothing, and its length
	only         string        // setups, comma-separated; "" is all
	bulk         bool          // leave out what is not bulk transfer of one flow
	line         bool          // measure over the bad line, too
	soak         time.Duration // instead of all else: watch our memory that long
}

func parseArgs() (options, time.Duration, error) {
	var o options
	seconds := flag.Float64("seconds", 3, "length of one measurement")
	idle := flag.Duration("idle", 0, "watch an idle client for so long, after as long a rest (default 3 s of rest, then twice -seconds)")
	quick := flag.Bool("quick", false, "one round of 2 seconds: everything once, in a third of the time")
	limit := flag.Duration("limit", 40*time.Minute, "give up after this long")
	flag.StringVar(&o.json, "json", "", "write the results to this file")
	flag.StringVar(&o.svg, "svg", "", "write a chart to this file")
	flag.IntVar(&o.rounds, "rounds", 3, "how often everything is measured")
	flag.StringVar(&o.only, "setups", "", "measure only these, comma-separated, beside what a person waits for: "+strings.Join(append(setupNames(), desktopSetup), ", "))
	flag.StringVar(&o.against, "against", "", "compare with this other build of nm-softether-service instead of the official client")
	flag.BoolVar(&o.bulk, "bulk", false, "measure only bulk transfer over one flow")
	flag.BoolVar(&o.line, "line", true, "measure over a line that loses 1 % of the packets, too")
	flag.DurationVar(&o.soak, "soak", 0, "instead of all else, keep our client busy for that long and watch its memory")
	flag.Parse()
	if *quick {
		o.rounds, *seconds = 1, 2
	}
	o.length = time.Duration(*seconds * float64(time.Second))
	o.settle, o.idle = cmp.Or(*idle, settle), cmp.Or(*idle, 2*o.length)
	if o.against != "" {
		var err error
		if o.against, err = filepath.Abs(o.against); err != nil {
			return o, 0, err
		}
	}
	if o.rounds < 1 || o.length < time.Second || flag.NArg() > 0 {
		return o, 0, fmt.Errorf("at least 1 round, at least 1 second, and no further arguments")
	}
	return o, *limit + o.soak, nil
}

func run() int {
	opts, limit, err := parseArgs()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		err = measureAll(ctx, opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// measureAll builds the lab, measures, and reports what there is, even if something has failed half-way.
func measureAll(ctx context.Context, o options) error {
	setups, err := chooseSetups(o.only)
	if err != nil {
		return err
	}
	lo := lab.Options{Progress: os.Stderr}
	if err := lo.FindPrograms(); err != nil {
		return err
	}
	if err := allowFiles(manyFlows + 1000); err != nil {
		return err
	}
	b := newBench(o, lo.Service)
	lo.Service = serviceLink
	measure := func() error { return b.rounds(ctx, setups) }
	if o.soak > 0 {
		measure = func() error { return b.soak(ctx) }
	}
	failed := b.in(ctx, lo, measure)
	if o.line && o.soak == 0 && ctx.Err() == nil {
		lo.Impaired = true
		failed = errors.Join(failed, b.in(ctx, lo, func() error { return b.overLine(ctx) }))
	}
	r := b.report()
	r.print(os.Stdout)
	if o.json != "" {
		if err := r.writeJSON(o.json); err != nil {
			return err
		}
	}
	if o.svg != "" {
		if err := os.WriteFile(o.svg, []byte(r.chart()), 0o644); err != nil {
			return err
		}
	}
	return failed
}
