// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"network-manager-softether/lab/netns"
)

// A flow is what iperf3 is to send.
type flow struct {
	way     way
	streams int // TCP connections at once
}

type way int

const (
	up way = iota
	down
	both
)

func (w way) String() string { return [...]string{"up", "down", "both ways"}[w] }

// traffic is what arrived.
type traffic struct {
	bytes float64 // of payload, in both directions together
	bits  float64 // per second
	took  time.Duration
}

// iperf runs iperf3 from the client to the target.
func iperf(ctx context.Context, h *netns.Host, target netip.Addr, f flow, length time.Duration) (traffic, error) {
	args := []string{
		"iperf3", "--client", target.String(), "--json", "--connect-timeout", "3000",
		"--time", fmt.Sprint(int(length.Round(time.Second).Seconds())), "--parallel", fmt.Sprint(max(f.streams, 1)),
	}
	switch f.way {
	case down:
		args = append(args, "--reverse")
	case both:
		args = append(args, "--bidir")
	}
	ctx, cancel := context.WithTimeout(ctx, length+15*time.Second)
	defer cancel()
	res, err := h.Run(ctx, netns.Command{Args: args})
	if err != nil {
		return traffic{}, err
	}
	return parseIperf([]byte(res.Stdout))
}

// parseIperf adds up what iperf3 3.12 says that the receivers got.
func parseIperf(out []byte) (traffic, error) {
	type sum struct {
		Bytes, Seconds float64
	}
	var report struct {
		Error string
		End   struct {
			Received sum `json:"sum_received"`
			Reverse  sum `json:"sum_received_bidir_reverse"`
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return traffic{}, fmt.Errorf("iperf3's report: %w: %.200s", err, out)
	}
	if report.Error != "" {
		return traffic{}, fmt.Errorf("iperf3: %s", report.Error)
	}
	r, v := report.End.Received, report.End.Reverse
	if r.Seconds <= 0 {
		return traffic{}, fmt.Errorf("iperf3's report has no receiver: %.200s", out)
	}
	t := traffic{bytes: r.Bytes + v.Bytes, took: time.Duration(r.Seconds * float64(time.Second))}
	t.bits = 8 * t.bytes / r.Seconds
	return t, nil
}
