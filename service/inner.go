// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
)

// inner is what the network in the tunnel gave, and what others were told of it. It outlives sessions.
type inner struct {
	lease     *dhcp.Lease // the last one, kept over reconnects
	leaseEnd  *time.Timer // when it expires, and then of waiting for another
	config6   *autoconf.Config6
	announced announcement    // what NetworkManager was told
	cautioned map[string]bool // what the log has said of the network in the tunnel
}

// forget drops everything at the end of the connection.
func (n *inner) forget() {
	stopTimer(&n.leaseEnd)
	*n = inner{}
}
