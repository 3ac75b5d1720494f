// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
)

// Settings is a connection of NetworkManager.
type Settings = map[string]map[string]dbus.Variant

// A Lock is what one VPN in strict mode needs from the guard.
type Lock struct {
	LAN     bool         // private addresses of the local network stay reachable
	Servers []netip.Addr // where the tunnel's own packets go
	// mark identifies the host that the servers' addresses belong to, and is empty in locks of earlier
	// versions. Everybody can read the guard, so it is not the name itself.
	mark string
}

// Locks are those of all VPNs in strict mode, by the UUIDs of their profiles.
type Locks map[string]Lock

// lockKey is where the guard's user settings keep the lock of a profile. The profile itself may belong to
// another user, and be unreadable.
const lockKey = "softether."

// markWord introduces the mark in a lock. It is not an address, so earlier versions skip it.
const markWord = "of="

// markOf returns the mark of a host in the lock of that profile.
func markOf(uuid, host string) string {
	sum := sha256.Sum256([]byte(uuid + " " + strings.ToLower(host)))
	return hex.EncodeToString(sum[:8])
}

// readLocks reads the locks from the guard.
func readLocks(guard Settings) Locks {
	l := Locks{}
	data, _ := guard["user"]["data"].Value().(map[string]string)
	for key, text := range data {
		uuid, ours := strings.CutPrefix(key, lockKey)
		words := strings.Fields(text)
		if !ours || len(words) == 0 {
			continue
		}
		one := Lock{LAN: words[0] == string(profile.StrictAllowLAN)}
		for _, w := range words[1:] {
			if mark, ok := strings.CutPrefix(w, markWord); ok {
				one.mark = mark
			} else if a, err := netip.ParseAddr(w); err == nil {
				one.Servers = append(one.Servers, a)
			}
		}
		l[uuid] = one
	}
	return l
}

// data returns what readLocks reads.
func (l Locks) data() map[string]string {
	data := make(map[string]string, len(l))
	for uuid, one := range l {
		words := []string{string(one.mode())}
		if one.mark != "" {
			words = append(words, markWord+one.mark)
		}
		for _, a := range one.Servers {
			words = append(words, a.String())
		}
		data[lockKey+uuid] = strings.Join(words, " ")
	}
	return data
}

func (one Lock) mode() profile.Strict {
	if one.LAN {
		return profile.StrictAllowLAN
	}
	return profile.StrictYes
}

// same reports whether two locks ask for the same.
func (one Lock) same(other Lock) bool {
	return one.LAN == other.LAN && one.mark == other.mark && slices.Equal(one.Servers, other.Servers)
}

// servers returns the addresses of all, without duplicates and in a stable order.
func (l Locks) servers() []netip.Addr {
	var list []netip.Addr
	for _, one := range l {
		list = append(list, one.Servers...)
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

// LAN reports whether the local network stays reachable: of several locks, the strictest decides.
func (l Locks) LAN() bool {
	for one := range maps.Values(l) {
		if !one.LAN {
			return false
		}
	}
	return len(l) > 0 // a guard made by hand has none, and opens nothing
}

// UUIDs returns those of the profiles, in order.
func (l Locks) UUIDs() []string { return slices.Sorted(maps.Keys(l)) }

// String describes for a person who is locked to what.
func (one Lock) String() string {
	return fmt.Sprintf("%s, %s", one.mode(), words(one.Servers))
}

// words formats addresses as in the profile.
func words(list []netip.Addr) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return strings.Join(texts, " ")
}
