// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"network-manager-softether/lab"
)

// prepareGround brings the second base up as well, the worse one of the two, and by itself whenever it can.
func (s *storm) prepareGround(ctx context.Context) error {
	_, err := s.Desktop.MustNMCLI(ctx, "connection", "modify", lab.Bases[1].Profile, "connection.autoconnect", "yes",
		"ipv4.route-metric", worse, "ipv6.route-metric", worse)
	if err != nil {
		return err
	}
	_, err = s.Desktop.MustNMCLI(ctx, "connection", "up", lab.Bases[1].Profile)
	return err
}

// Metrics of the second base; the first has 100.
const worse = "600"
