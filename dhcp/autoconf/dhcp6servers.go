// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"encoding/hex"
	"slices"

	"network-manager-softether/dhcp/internal/packet"
)

// Any host in the hub hears what a DHCPv6 client asks, and can answer it. So the server of a session is the
// one that answers first. Another one is accepted if that one falls silent, with a warning.

const (
	// chances is how many messages known servers get before another one is listened to, which gives them three seconds.
	chances = 3
	// maxStrangers bounds how many others are logged.
	maxStrangers = 8
)

// server6 identifies a server: the same DUID from other hardware is another server's, or a copy.
type server6 struct {
	duid string
	mac  packet.MAC
}

// admits reports whether an answer is accepted, and logs who sent one that is not.
func (d *dhcp6) admits(r *reply6) bool {
	from := r.from()
	if d.known.duid == "" || from == d.known {
		return true
	}
	switch d.phase {
	case rebinding: // the server has not answered for most of the lease
		return true
	case soliciting, informing:
		if d.tries >= chances {
			return true
		}
	}
	if len(d.strangers) < maxStrangers && !slices.Contains(d.strangers, from) {
		d.strangers = append(d.strangers, from)
		d.log.Warn("another DHCPv6 server answers as well; the first one is used", attrs(from, d.known)...)
	}
	return false
}

// adopt makes the sender of an accepted answer the server of the session.
func (d *dhcp6) adopt(r *reply6) {
	from := r.from()
	if d.known.duid != "" && from != d.known {
		d.log.Warn("another DHCPv6 server takes the place of the first one, which does not answer", attrs(from, d.known)...)
	}
	d.known = from
}

func attrs(from, known server6) []any {
	return []any{
		"mac", from.mac, "duid", hex.EncodeToString([]byte(from.duid)),
		"taken-mac", known.mac, "taken-duid", hex.EncodeToString([]byte(known.duid)),
	}
}
