// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"network-manager-softether/lab/procfs"
)

// resident returns the memory of the largest of the processes, in bytes: what a watchdog maps, the client has
// already mapped.
func resident(pids []int) float64 {
	most := 0.0
	for _, pid := range pids {
		if u, err := procfs.UsageOf(pid); err == nil {
			most = max(most, float64(u.RSS))
		}
	}
	return most
}

// used is the cost of a measurement.
type used struct {
	client, server float64 // CPU seconds
	switches       float64 // context switches of the client
	rss            float64 // bytes, the client's largest
}

// account runs f and returns what it has cost.
func (p probe) account(f func() (traffic, error)) (traffic, used, error) {
	pids := p.client.pids()
	client, err := procfs.UsageOf(pids...)
	if err != nil {
		return traffic{}, used{}, err
	}
	server, err := procfs.UsageOf(p.lab.Server.PIDs()...)
	if err != nil {
		return traffic{}, used{}, err
	}
	stop, watched := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				most = max(most, resident(pids))
			case <-stop:
				tick.Stop()
				watched <- most
				return
			}
		}
	}()
	t, err := f()
	close(stop)
	most := <-watched
	if err != nil {
		return t, used{}, err
	}
	client2, err := procfs.UsageOf(pids...)
	if err != nil {
		return t, used{}, fmt.Errorf("the client has ended: %w", err)
	}
	server2, err := procfs.UsageOf(p.lab.Server.PIDs()...)
	return t, used{
		client: (client2.CPU - client.CPU).Seconds(), server: (server2.CPU - server.CPU).Seconds(),
		switches: float64(client2.Switches - client.Switches), rss: most,
	}, err
}

// mega is the M of Mbit and MB.
const mega = 1e6

// quantile returns the value below which that fraction of the values lies, interpolated if need be.
func quantile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	at := part * float64(len(s)-1)
	i := int(at)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}
