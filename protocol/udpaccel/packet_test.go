// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// counting returns n bytes that count up from first.
func counting(first, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(first + i)
	}
	return b
}

// before returns the nonce whose successor ends with iv.
func before(iv []byte) (n nonce) {
	copy(n[len(n)-len(iv):], iv)
	n[len(n)-1]--
	return n
}

// The vectors of softether-protocol.md, appendix A: one header, two bytes of padding.
var (
	vectorInside = unhex("11223344 00000000000003e8 00000000000007d0 0003 00 deadbe 0000")
	vectorHeader = header{cookie: 0x11223344, tick: 1000, echo: 2000, size: 3}
)

func TestVectorsBothWays(t *testing.T) {
	for _, tt := range []struct {
		name   string
		box    func() box
		packet string
	}{
		{"version 1", func() box {
			b := newBoxV1(counting(0, v1KeyLen))
			b.iv = before(counting(0x64, v1IVLen))
			return b
		}, "6465666768696a6b6c6d6e6f7071727374757677 6c260a1b460d2d41ae3aa21414969b684a017752b412257205235270c19c7aa1e002c9de194066f8cd889b9c1b8e229e"},
		{"version 2", func() box {
			b, err := newBoxV2(counting(0, v2KeyLen))
			if err != nil {
				t.Fatal(err)
			}
			b.iv = before(counting(0xc8, v2IVLen))
			return b
		}, "c8c9cacbcccdcecfd0d1d2d3 0444a0cb674a407d06b6490e85d493778419ebf7f2bc90c33532385c 99984fc55fd9d5758e148425139f98e7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := unhex(tt.packet)
			b := tt.box()
			front, back := b.overhead()
			packet := make([]byte, front+len(vectorInside)+back)
			copy(packet[front:], vectorInside)
			b.seal(packet)
			if diff := cmp.Diff(want, packet); diff != "" {
				t.Errorf("unexpected packet (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(vectorInside, b.open(packet)); diff != "" {
				t.Errorf("unexpected inside (-want +got):\n%s", diff)
			}
			for i := range want {
				broken := append([]byte(nil), want...)
				broken[i] ^= 0x40
				inside := b.open(broken)
				// Version 1 notices only what changes its key or its zeros.
				if notices := tt.name == "version 2" || i < v1IVLen || i >= len(want)-v1Zeros; notices && inside != nil {
					t.Errorf("byte %d may be changed", i)
				}
			}
			// Two bytes fewer are a genuine packet of version 1: zeros without padding.
			for n := range len(want) - 2 {
				if b.open(append([]byte(nil), want[:n]...)) != nil {
					t.Errorf("opened after %d bytes", n)
				}
			}
		})
	}
}

func TestHeaderBothWays(t *testing.T) {
	compressed := vectorHeader
	compressed.compressed = true
	for _, tt := range []struct {
		name   string
		header header
		bytes  string
	}{
		{"vector", vectorHeader, "11223344 00000000000003e8 00000000000007d0 0003 00"},
		{"compressed", compressed, "11223344 00000000000003e8 00000000000007d0 0003 01"},
		{"keep-alive", header{cookie: 1, tick: 1 << 40}, "00000001 0000010000000000 0000000000000000 0000 00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := make([]byte, headerLen)
			tt.header.put(got)
			if diff := cmp.Diff(unhex(tt.bytes), got); diff != "" {
				t.Errorf("unexpected bytes (-want +got):\n%s", diff)
			}
			h, data, ok := parseHeader(append(got, 1, 2, 3, 0, 0))
			if diff := cmp.Diff(tt.header, h, cmp.AllowUnexported(header{})); diff != "" || !ok {
				t.Errorf("unexpected header, %v (-want +got):\n%s", ok, diff)
			}
			if diff := cmp.Diff([]byte{1, 2, 3}[:tt.header.size], data); diff != "" {
				t.Errorf("unexpected data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeaderThatPromisesMoreIsRefused(t *testing.T) {
	for n := range len(vectorInside) - 2 {
		if _, _, ok := parseHeader(vectorInside[:n]); ok {
			t.Errorf("%d bytes were enough", n)
		}
	}
	if _, _, ok := parseHeader(vectorInside[:len(vectorInside)-2]); !ok {
		t.Error("a packet without padding is refused")
	}
}
