// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"encoding/binary"
	"slices"

	"network-manager-softether/frame"
)

const (
	atType = frame.HeaderLen - 2
	tagLen = 4
)

// untag returns f without its priority tags: VLAN tags with ID 0, of which Linux takes off any number before
// it looks at what is behind them. Ports must be shown what the kernel would see, or such a tag would hide
// from them what they wait for, or what they keep from the kernel. f stays as it is.
func untag(f []byte) []byte {
	n := 0
	for len(f) >= frame.HeaderLen+n+tagLen && priorityTag(f[atType+n:]) {
		n += tagLen
	}
	if n == 0 {
		return f
	}
	return slices.Concat(f[:atType], f[atType+n:])
}

// priorityTag reports whether a frame's type and what follows are a tag of either kind of VLAN (802.1Q and
// 802.1ad) with ID 0.
func priorityTag(f []byte) bool {
	const idMask = 0xfff
	kind := binary.BigEndian.Uint16(f)
	return (kind == 0x8100 || kind == 0x88a8) && binary.BigEndian.Uint16(f[2:])&idMask == 0
}
