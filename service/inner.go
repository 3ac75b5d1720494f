// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
)

// inner is what the network in the tunnel has offered, and what others were told of it. It outlives sessions.
type inner struct {
	lease     *dhcp.Lease // the last one, kept across reconnects
	leaseEnd  *time.Timer // ends the wait for another lease
	config6   *autoconf.Config6
	announced announcement    // what NetworkManager was told
	cautioned map[string]bool // what was logged about the network in the tunnel
}

// forget drops everything at the end of the connection.
func (n *inner) forget() {
	stopTimer(&n.leaseEnd)
	*n = inner{}
}
