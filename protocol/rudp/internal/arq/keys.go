// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"crypto/sha1"
	"encoding/binary"
)

// keyLen is the length of the initial key and of everything derived from it.
const keyLen = sha1.Size

// A key is one of the values of the key schedule.
type key [keyLen]byte

// keys is what client and server derive from the initial key (softether-protocol.md 11.3).
type keys struct {
	toClient, toServer key // of segments in that direction
	request, response  key // payloads that ask for, and answer, a sign of life
}

func deriveKeys(initial key) keys {
	var k keys
	k.toClient = derive(initial[:], "zurukko")
	k.toServer = derive(append(initial[:], k.toClient[:]...), "yasushineko")
	k.request = derive(initial[:], "Magic_KeepAliveRequest")
	k.response = derive(initial[:], "Magic_KeepAliveResponse")
	return k
}

// derive hashes a prefix and a name. The length of the name includes a NUL that is not there.
func derive(prefix []byte, name string) key {
	b := make([]byte, 0, 2*keyLen+4+32)
	b = append(b, prefix...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(name)+1))
	return sha1.Sum(append(b, name...))
}

// serviceMask is the hash of the service's name. It masks the signatures of segments that travel over DNS and
// ICMP.
var serviceMask = key(sha1.Sum([]byte("softether_vpn")))

// connectLen is the length of a connect request: the initial key, and 19 meaningless bytes. A server accepts
// 20 to 39 bytes; anything longer is a segment.
const connectLen = 39

// InitialKey returns the initial key of a connect request, and whether b is one.
func InitialKey(b []byte) (initial [20]byte, ok bool) {
	if len(b) < keyLen || len(b) > connectLen {
		return initial, false
	}
	return [20]byte(b), true
}
