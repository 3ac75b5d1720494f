// SPDX-License-Identifier: Apache-2.0

package icmpwire

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/inetsum"
)

var flow = Flow{0x12, 0x34, 0x56, 0x78}

// ip puts an IPv4 header with options of n bytes in front of b.
func ip(n int, b []byte) []byte {
	h := make([]byte, 20+n, 20+n+len(b))
	h[0] = byte(0x45 + n/4)
	return append(h, b...)
}

func TestBothWays(t *testing.T) {
	for _, tt := range []struct {
		kind uint8
		wire string
	}{
		{InfoRequest, "0f00" + "d5dd" + "12345678" + "c22b5f9178342609428d6f51b2c5af4c0bde6a42" + "6869"},
		{EchoReply, "0000" + "e4dd" + "12345678" + "c22b5f9178342609428d6f51b2c5af4c0bde6a42" + "6869"},
	} {
		b := append(make([]byte, HeadLen), "hi"...)
		Put(b, tt.kind, flow)
		if diff := cmp.Diff(tt.wire, hex.EncodeToString(b)); diff != "" {
			t.Errorf("type %d (-want +got):\n%s", tt.kind, diff)
		}
		for _, options := range []int{0, 4, 40} {
			kind, f, d, ok := Parse(ip(options, b))
			if !ok || kind != tt.kind || f != flow || string(d) != "hi" {
				t.Errorf("type %d parsed: %d %x %q %v", tt.kind, kind, f, d, ok)
			}
		}
	}
}

// RFC 1071: a message with its checksum adds up to all ones.
func TestChecksum(t *testing.T) {
	for n := range 300 {
		b := bytes.Repeat([]byte{0xff, 0xfe, byte(n)}, 200)[:8+n]
		PutEcho(b, flow)
		if b[0] != EchoRequest || b[1] != 0 || inetsum.Of(b) != 0xffff {
			t.Errorf("%d bytes: % x adds up to %x", n, b[:8], inetsum.Of(b))
		}
	}
}

func TestOtherPackets(t *testing.T) {
	good := append(make([]byte, HeadLen), "hello"...)
	Put(good, InfoReply, flow)
	packet := ip(0, good)
	for i := range packet {
		b := bytes.Clone(packet)
		b[i] ^= 0x80
		// Addresses and the like belong to the kernel; type, checksum and flow
		// are for the caller.
		header := i > 0 && i < 20 || i == 20 || i >= 22 && i < 28
		if _, _, _, ok := Parse(b); ok != header {
			t.Errorf("a packet with byte %d changed: taken %v, want %v", i, ok, header)
		}
	}
	for n := range packet {
		if _, _, _, ok := Parse(packet[:n]); ok {
			t.Errorf("takes the first %d bytes", n)
		}
	}
	ping := append(make([]byte, 8), bytes.Repeat([]byte{7}, 56)...)
	PutEcho(ping, flow)
	ping[0] = EchoReply
	if _, _, _, ok := Parse(ip(0, ping)); ok {
		t.Error("takes the answer to a ping for a datagram")
	}
}

func FuzzParse(f *testing.F) {
	good := append(make([]byte, HeadLen), "hello"...)
	Put(good, InfoReply, flow)
	f.Add(ip(0, good))
	f.Add(ip(8, good))
	f.Add([]byte{0x4f})
	f.Fuzz(func(t *testing.T, p []byte) {
		kind, flow, d, ok := Parse(p)
		if !ok {
			return
		}
		again := append(make([]byte, HeadLen), d...)
		Put(again, kind, flow)
		if !bytes.HasSuffix(p, again[4:]) {
			t.Errorf("%x became %x", p, again)
		}
	})
}
