// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
	"compress/zlib"
	"errors"
	"testing"
	"time"

	"network-manager-softether/frame"
)

func TestHostilePacketsAreRefused(t *testing.T) {
	bothVersions(t, func(t *testing.T, v int) {
		now := time.Minute
		client, server := ends(t, v)
		stranger, _ := ends(t, v, func(p *Params) { p.SendKey = counting(99, v2KeyLen) })
		astray, _ := ends(t, v, func(p *Params) { p.SendCookie = 12 })
		raw := func(h header, data []byte) []byte {
			p := make([]byte, client.Size(len(data)))
			h.put(p[client.front:])
			copy(p[client.front+headerLen:], data)
			client.out.seal(p)
			return p
		}
		head := func(n int) header { return header{cookie: 11, tick: 1 + tick(now), size: n} }
		squeezed := head(20)
		squeezed.compressed = true
		twice := seal(client, now, ether(60))
		if _, err := server.Open(now, bytes.Clone(twice)); err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			name   string
			packet []byte
			want   Drop
		}{
			{"nothing", nil, DropForged},
			{"garbage", ether(300), DropForged},
			{"another key", seal(stranger, now, ether(60)), DropForged},
			{"our own packet", seal(server, now, ether(60)), DropForged},
			{"longer than any", make([]byte, maxReceived+1), DropForged},
			{"cut off", seal(client, now, ether(60))[:40], DropForged},
			{"another cookie", seal(astray, now, ether(60)), DropCookie},
			{"seen before", bytes.Clone(twice), DropReplay},
			{"promises more than there is", raw(head(100), ether(60)), DropTruncated},
			{"promises far more", raw(head(0xffff), ether(60)), DropTruncated},
			{"tick of 0", raw(header{cookie: 11}, nil), DropOld},
			{"more than 30 s late", seal(client, now-tickWindow-time.Millisecond, ether(60)), DropOld},
			{"no Ethernet header", raw(head(13), ether(13)), DropFrame},
			{"too long a frame", raw(head(frame.MaxLen+1), ether(frame.MaxLen+1)), DropFrame},
			{"compressed without leave", raw(squeezed, ether(20)), DropCompressed},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				f, err := server.Open(now, tt.packet)
				if f != nil || !errors.Is(err, tt.want) {
					t.Errorf("got %d bytes, %v; want %v", len(f), err, tt.want)
				}
			})
		}
		// A window's width late is not too late, and the path still works after all that.
		for _, at := range []time.Duration{now - tickWindow + time.Second, now} {
			if _, err := server.Open(now, seal(client, at, ether(60))); err != nil {
				t.Errorf("genuine packet of %v: %v", at, err)
			}
		}
	})
}

func TestCompressedFramesAreBounded(t *testing.T) {
	deflate := func(b []byte) []byte {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(b)
		w.Close()
		return z.Bytes()
	}
	client, server := ends(t, 2, func(p *Params) { p.Compressed = true })
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"longest", deflate(make([]byte, frame.MaxLen)), nil},
		{"a byte more", deflate(make([]byte, frame.MaxLen+1)), DropCompressed},
		{"bomb", deflate(make([]byte, 1<<20)), DropCompressed},
		{"not zlib", ether(60), DropCompressed},
		{"cut off", deflate(ether(100))[:20], DropCompressed},
		{"too short a frame", deflate(ether(5)), DropFrame},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := make([]byte, client.Size(len(tt.data)))
			h := header{cookie: 11, tick: 1000, size: len(tt.data), compressed: true}
			h.put(p[client.front:])
			copy(p[client.front+headerLen:], tt.data)
			client.out.seal(p)
			f, err := server.Open(time.Second, p)
			if !errors.Is(err, tt.want) || tt.want == nil && len(f) != frame.MaxLen {
				t.Errorf("%d bytes, %v; want %v", len(f), err, tt.want)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	for v := 1; v <= 2; v++ {
		client, _ := ends(f, v)
		f.Add(seal(client, time.Second, nil), v == 1)
		f.Add(seal(client, time.Second, ether(1514)), v == 1)
	}
	f.Add(vectorInside, true)
	f.Fuzz(func(t *testing.T, b []byte, v1 bool) {
		v := 2
		if v1 {
			v = 1
		}
		client, server := ends(t, v, func(p *Params) { p.Compressed = len(b)%2 == 0 })
		// As it came, and as the inside of a genuine packet.
		server.Open(time.Second, bytes.Clone(b))
		front, back := client.out.overhead()
		p := make([]byte, front+len(b)+back)
		copy(p[front:], b)
		client.out.seal(p)
		got, err := server.Open(time.Second, p)
		if err == nil && got != nil && (len(got) < frame.HeaderLen || len(got) > frame.MaxLen) {
			t.Errorf("a frame of %d bytes got through", len(got))
		}
		if _, err := client.Open(time.Second, seal(server, time.Second, nil)); err != nil {
			t.Errorf("the engine is broken now: %v", err)
		}
	})
}
