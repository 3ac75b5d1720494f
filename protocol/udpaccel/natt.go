// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
	"encoding/binary"
)

var nattPrefix = []byte("NATT_MY_PORT")

// NATTPort returns the public UDP port that the peer announces in the keep-alive payload b of a TCP
// connection, and whether it does (softether-protocol.md 10.6). Any other payload is noise. The address that
// may follow is ignored: see the package comment.
func NATTPort(b []byte) (port uint16, ok bool) {
	rest, ok := bytes.CutPrefix(b, nattPrefix)
	if !ok || len(rest) < 2 {
		return 0, false
	}
	port = binary.BigEndian.Uint16(rest)
	return port, port != 0
}
