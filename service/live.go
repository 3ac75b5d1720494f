// SPDX-License-Identifier: Apache-2.0

package main

import "context"

// live is a session with everything that lives no longer than it. It belongs to an attempt until the loop
// takes it over.
type live struct {
	session session            // nil if there is none
	endKeep context.CancelFunc // ends the keepers of lease and advertisements
}

// drop ends the keepers, takes the session off the tunnel and closes it, in this order: until it is closed, what
// the bridge has taken from the device is still sent. Tunnel and addresses stay.
func (l *live) drop(t *tunnel) {
	if l.endKeep != nil {
		l.endKeep()
	}
	if l.session != nil {
		t.unplug(l.session)
		l.session.Close()
	}
	*l = live{}
}
