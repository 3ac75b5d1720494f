// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"time"

	"network-manager-softether/protocol/internal/datapath"
)

// missing reports whether the session has fewer connections than it may have. In half-duplex sessions one
// that is being closed still counts, as the server gives a new one the direction of which it has fewer.
func (k *keeper) missing() bool {
	n := 0
	for _, c := range k.s.tcp.Conns() {
		if k.s.half || !c.Retiring() {
			n++
		}
	}
	return n < k.s.most
}

// leaving reports whether a connection is being closed.
func (k *keeper) leaving() bool {
	return slices.ContainsFunc(k.s.tcp.Conns(), func(c *datapath.Conn) bool { return c.Retiring() })
}

// oldest returns the connection that is to be replaced first, or nil if none is.
func (k *keeper) oldest() *datapath.Conn {
	if k.s.dialer.ConnectionLifetime <= 0 {
		return nil
	}
	for _, c := range k.s.tcp.Conns() {
		if !c.Retiring() {
			return c
		}
	}
	return nil
}

// expired is oldest, if it has reached its lifetime.
func (k *keeper) expired() *datapath.Conn {
	if c := k.oldest(); c != nil && time.Since(c.Born) >= k.s.dialer.ConnectionLifetime {
		return c
	}
	return nil
}
