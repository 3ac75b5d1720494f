// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
	"network-manager-softether/internal/inetsum"
)

// spec describes one frame, or a superframe, and builds it the slow and obvious way,
// sharing nothing with the code under test.
type spec struct {
	v6, udp  bool
	vlan     []byte // tags, between the addresses and the type
	ext      []byte // IPv6 extension header, its first byte being the next header
	tos, ttl byte
	id       uint16
	noDF     bool
	src, dst byte // last byte of the addresses
	sport    uint16
	seq, ack uint32
	flags    byte
	window   uint16
	options  []byte // of TCP
	payload  []byte
}

// ack is a segment with data in the middle of a TCP flow.
func tcp4(seq uint32, payload []byte) spec {
	return spec{ttl: 64, src: 1, dst: 2, sport: 5001, seq: seq, ack: 77, flags: flagACK, window: 501, payload: payload}
}

func (s spec) with(change func(*spec)) spec {
	change(&s)
	return s
}

// transport returns the transport header and payload with a checksum of zero, and the
// pseudo-header.
func (s spec) transport() (l4, pseudo []byte, field int) {
	l4 = binary.BigEndian.AppendUint16(nil, s.sport)
	l4 = binary.BigEndian.AppendUint16(l4, 4433)
	proto := byte(17)
	if s.udp {
		l4 = binary.BigEndian.AppendUint16(l4, uint16(8+len(s.payload)))
		l4 = append(l4, 0, 0)
		field = 6
	} else {
		l4 = binary.BigEndian.AppendUint32(l4, s.seq)
		l4 = binary.BigEndian.AppendUint32(l4, s.ack)
		l4 = append(l4, byte(20+len(s.options))<<2, s.flags)
		l4 = binary.BigEndian.AppendUint16(l4, s.window)
		l4 = append(append(l4, 0, 0, 0, 0), s.options...)
		proto, field = 6, 16
	}
	l4 = append(l4, s.payload...)
	src, dst := s.addrs()
	pseudo = append(append(pseudo, src...), dst...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(l4)))
	return l4, append(pseudo, 0, 0, 0, proto), field
}

func (s spec) addrs() (src, dst []byte) {
	if s.v6 {
		src = []byte{0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, s.src}
		return src, append(bytes.Clone(src[:15]), s.dst)
	}
	return []byte{10, 9, 0, s.src}, []byte{10, 9, 0, s.dst}
}

// build returns the frame and where its transport header starts. Its transport
// checksum is right, or, if partial, the sum of the pseudo-header as the kernel
// leaves it.
func (s spec) build(partial bool) ([]byte, int) {
	l4, pseudo, field := s.transport()
	if partial {
		binary.BigEndian.PutUint16(l4[field:], inetsum.Of(pseudo))
	} else {
		sum := ^inetsum.Of(pseudo, l4)
		if s.udp && sum == 0 {
			sum = 0xffff
		}
		binary.BigEndian.PutUint16(l4[field:], sum)
	}
	f := []byte{2, 0, 0, 0, 0, s.dst, 2, 0, 0, 0, 0, s.src}
	f = append(f, s.vlan...)
	src, dst := s.addrs()
	proto := pseudo[len(pseudo)-1]
	if s.v6 {
		if s.ext != nil {
			s.ext[0], proto = proto, 0
		}
		f = append(f, 0x86, 0xdd, 0x60|s.tos>>4, s.tos<<4, 0, 0)
		f = binary.BigEndian.AppendUint16(f, uint16(len(s.ext)+len(l4)))
		f = append(f, proto, s.ttl)
		f = append(append(append(f, src...), dst...), s.ext...)
	} else {
		ip := binary.BigEndian.AppendUint16([]byte{0x45, s.tos}, uint16(20+len(l4)))
		ip = binary.BigEndian.AppendUint16(ip, s.id)
		df := byte(0x40)
		if s.noDF {
			df = 0
		}
		ip = append(ip, df, 0, s.ttl, proto, 0, 0)
		ip = append(append(ip, src...), dst...)
		binary.BigEndian.PutUint16(ip[10:], ^inetsum.Of(ip))
		f = append(append(f, 8, 0), ip...)
	}
	return append(f, l4...), len(f)
}

func (s spec) frame() []byte {
	f, _ := s.build(false)
	return f
}

// super returns a Header and a superframe of segments of size bytes.
func (s spec) super(size int) []byte {
	f, l4 := s.build(true)
	h := Header{Flags: 1, GSOSize: uint16(size), CsumStart: uint16(l4), CsumOffset: 16}
	h.HdrLen = uint16(len(f) - len(s.payload))
	switch {
	case s.udp:
		h.GSOType, h.CsumOffset = 5, 6
	case s.v6:
		h.GSOType = 4
	default:
		h.GSOType = 1
	}
	if s.flags&flagCWR != 0 {
		h.GSOType |= gsoECN
	}
	b := make([]byte, HeaderLen)
	h.encode(b)
	return append(b, f...)
}

// segments returns the frames that the superframe of s stands for.
func (s spec) segments(size int) [][]byte {
	var out [][]byte
	for at := 0; at < len(s.payload); at += size {
		end := min(at+size, len(s.payload))
		part := s
		part.payload = s.payload[at:end]
		part.seq += uint32(at)
		part.id += uint16(at / size)
		if end < len(s.payload) {
			part.flags &^= 0x09
		}
		if at > 0 {
			part.flags &^= 0x80
		}
		out = append(out, part.frame())
	}
	return out
}

// sums reports whether f is a whole TCP or UDP packet in IPv4 without options or IPv6
// without extension headers, and whether its checksums are right.
func sums(f []byte) (known, right bool) {
	if len(f) < 14 {
		return false, false
	}
	ip := f[14:]
	var pseudo []byte
	var l4 []byte
	var proto byte
	switch {
	case f[12] == 8 && f[13] == 0 && len(ip) >= 20 && ip[0] == 0x45:
		pseudo, l4, proto = bytes.Clone(ip[12:20]), ip[20:], ip[9]
		right = inetsum.Of(ip[:20]) == 0xffff && ip[6]&0xbf == 0 && ip[7] == 0 &&
			int(binary.BigEndian.Uint16(ip[2:])) == len(ip)
	case f[12] == 0x86 && f[13] == 0xdd && len(ip) >= 40 && ip[0]>>4 == 6:
		pseudo, l4, proto = bytes.Clone(ip[8:40]), ip[40:], ip[6]
		right = int(binary.BigEndian.Uint16(ip[4:])) == len(ip)-40
	default:
		return false, false
	}
	if proto != 17 && proto != 6 || len(l4) < 8 {
		return false, false
	}
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(l4)))
	pseudo = append(pseudo, 0, 0, 0, proto)
	return true, right && inetsum.Of(pseudo, l4) == 0xffff
}

// split loads b and drains it through batches of the given size.
func split(t testing.TB, b []byte, batch *frame.Batch) [][]byte {
	t.Helper()
	var s Segmenter
	if err := s.Load(bytes.Clone(b)); err != nil {
		t.Fatalf("Load: %v", err)
	}
	return drain(t, &s, batch)
}

func drain(t testing.TB, s *Segmenter, batch *frame.Batch) [][]byte {
	t.Helper()
	var out [][]byte
	for done := false; !done; {
		batch.Reset()
		done = s.Drain(batch)
		if batch.Len() == 0 && !done {
			t.Fatal("an empty batch took nothing")
		}
		for _, f := range batch.Frames() {
			out = append(out, bytes.Clone(f))
		}
	}
	return out
}

// join runs all frames through a Coalescer and returns what is to be written.
func join(frames [][]byte, c *Coalescer) [][]byte {
	var out [][]byte
	for len(frames) > 0 {
		n := c.Load(frames, true)
		for parts := c.Next(); parts != nil; parts = c.Next() {
			out = append(out, bytes.Join(parts, nil))
		}
		frames = frames[n:]
	}
	return out
}

// pattern returns n bytes that repeat late.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + 1)
	}
	return b
}

// diffFrames is cmp.Diff, which takes its time with long frames, for those that differ.
func diffFrames(want, got [][]byte) string {
	if slices.EqualFunc(want, got, bytes.Equal) {
		return ""
	}
	return cmp.Diff(want, got)
}
