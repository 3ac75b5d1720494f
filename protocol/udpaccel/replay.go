// SPDX-License-Identifier: Apache-2.0

package udpaccel

import "encoding/binary"

// replayEntries is how many packets a generation of a window remembers. At 1 Gbit/s of full frames that is
// 0.18 s or more, and one packet may overtake others by that much.
const replayEntries = 16 << 10

// A replayWindow tells repeated packets from new ones. Packets have no sequence number: they have an IV,
// which the original derives from the last packet, so that it is as good as random, and a tick. The window
// remembers the IVs of the last one or two generations of packets, and refuses anything with a tick older
// than these.
//
// The only genuine packets that this loses are those that arrive after 16,384 packets sent later. Only
// genuine packets may be shown to the window: the IVs of forged ones are the attacker's choice. It is used by
// one goroutine; the zero value is empty.
type replayWindow struct {
	young, old *replaySet
	floor      uint64 // packets with a tick up to this one are forgotten, and therefore refused
}

// replaySet is an open-addressed hash set of the first 8 bytes of IVs, half full at most.
type replaySet struct {
	slot    [2 * replayEntries]uint64 // 0: free
	n       int
	maxTick uint64
}

// seen reports whether a packet with this IV and tick must be refused, and remembers it.
func (w *replayWindow) seen(iv []byte, tick uint64) bool {
	if w.young == nil {
		w.young, w.old = new(replaySet), new(replaySet)
	}
	// The last bytes are those that a counter changes most.
	key := binary.BigEndian.Uint64(iv[len(iv)-8:]) | 1<<63
	if tick <= w.floor || w.old.has(key) {
		return true
	}
	if w.young.n == replayEntries {
		w.floor = max(w.floor, w.old.maxTick)
		w.young, w.old = w.old, w.young
		*w.young = replaySet{}
		if tick <= w.floor || w.old.has(key) {
			return true
		}
	}
	return !w.young.add(key, tick)
}

// at spreads keys that differ only slightly (Fibonacci hashing).
func (*replaySet) at(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - 15) }

func (s *replaySet) has(key uint64) bool {
	for i := s.at(key); ; i = (i + 1) % uint64(len(s.slot)) {
		switch s.slot[i] {
		case key:
			return true
		case 0:
			return false
		}
	}
}

// add reports whether key was new.
func (s *replaySet) add(key, tick uint64) bool {
	for i := s.at(key); ; i = (i + 1) % uint64(len(s.slot)) {
		switch s.slot[i] {
		case key:
			return false
		case 0:
			s.slot[i] = key
			s.n++
			s.maxTick = max(s.maxTick, tick)
			return true
		}
	}
}
