// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"time"

	"network-manager-softether/lab/netns"
)

// pingGap is the time between two echo requests.
const pingGap = 20 * time.Millisecond

var pingTime = regexp.MustCompile(`time=([0-9.]+) ms`)

// ping sends echo requests to the target for that long and returns the round trips in milliseconds. The
// kernel takes the time where it can.
func ping(ctx context.Context, h *netns.Host, target netip.Addr, length time.Duration) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, length+10*time.Second)
	defer cancel()
	res, err := h.Run(ctx, netns.Command{Args: []string{
		"ping", "-n", "-i", fmt.Sprint(pingGap.Seconds()),
		"-c", fmt.Sprint(int(length / pingGap)), "-w", fmt.Sprint(int(length.Seconds()) + 1), target.String(),
	}})
	if err != nil {
		return nil, err
	}
	var times []float64
	for _, m := range pingTime.FindAllStringSubmatch(res.Stdout, -1) {
		ms, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return nil, fmt.Errorf("ping says %q: %w", m[0], err)
		}
		times = append(times, ms)
	}
	if len(times) == 0 {
		return nil, fmt.Errorf("ping got no answer: %s", res.Text())
	}
	return times, nil
}
