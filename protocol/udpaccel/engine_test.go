// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"testing"
	"time"

	"network-manager-softether/frame"
)

// ends returns two engines that belong together.
func ends(t testing.TB, version int, change ...func(*Params)) (client, server *Engine) {
	t.Helper()
	c := Params{Version: version, SendKey: counting(1, v2KeyLen), RecvKey: counting(7, v2KeyLen), SendCookie: 11, RecvCookie: 22, Fast: true}
	s := Params{Version: version, SendKey: c.RecvKey, RecvKey: c.SendKey, SendCookie: 22, RecvCookie: 11, Fast: true}
	for _, f := range change {
		f(&c)
		f(&s)
	}
	client, err := NewEngine(c)
	if err != nil {
		t.Fatal(err)
	}
	if server, err = NewEngine(s); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// seal returns a packet with that frame, or without.
func seal(e *Engine, now time.Duration, f []byte) []byte {
	p := make([]byte, e.Size(len(f)))
	e.Seal(now, p, f)
	return p
}

// ether returns a frame of n bytes.
func ether(n int) []byte { return counting(3, n) }

func bothVersions(t *testing.T, f func(t *testing.T, version int)) {
	for v := 1; v <= 2; v++ {
		t.Run(fmt.Sprint("version ", v), func(t *testing.T) { f(t, v) })
	}
}

func TestFramesArriveWholeWithAnyPadding(t *testing.T) {
	bothVersions(t, func(t *testing.T, v int) {
		client, server := ends(t, v)
		now := time.Second
		for _, n := range []int{frame.HeaderLen, 60, 1514, frame.MaxLen} {
			for pad := range maxPadding + 1 {
				p := bytes.Repeat([]byte{0xee}, client.Size(n)+pad)
				client.Seal(now, p, ether(n))
				got, err := server.Open(now, p)
				if err != nil || !bytes.Equal(got, ether(n)) {
					t.Fatalf("frame of %d bytes with %d of padding: %x, %v", n, pad, got, err)
				}
			}
		}
	})
}

func TestKeepAliveHasNoFrame(t *testing.T) {
	bothVersions(t, func(t *testing.T, v int) {
		client, server := ends(t, v)
		if f, err := server.Open(time.Second, seal(client, time.Second, nil)); f != nil || err != nil {
			t.Errorf("got %x, %v", f, err)
		}
	})
}

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

func TestPathIsUsableOnceBothHearEachOtherForTenSeconds(t *testing.T) {
	client, server := ends(t, 2)
	now := time.Second
	for ; now <= 13*time.Second; now += 500 * time.Millisecond {
		server.Open(now, seal(client, now, nil))
		client.Open(now, seal(server, now, nil))
		// The server's first packet already echoes; ours does so one later.
		if got, want := client.Usable(now), now >= 11*time.Second; got != want {
			t.Errorf("client after %v: %v", now-time.Second, got)
		}
		if got, want := server.Usable(now), now >= 11500*time.Millisecond; got != want {
			t.Errorf("server after %v: %v", now-time.Second, got)
		}
	}
}

func TestMutedPathKeepsThePeersFramesAwayButKnowsThatItWorks(t *testing.T) {
	client, server := ends(t, 2)
	client.Mute(true)
	now := time.Second
	exchange := func(until time.Duration) {
		for ; now < until; now += 500 * time.Millisecond {
			server.Open(now, seal(client, now, nil))
			client.Open(now, seal(server, now, nil))
		}
	}
	exchange(20 * time.Second)
	if !client.Usable(now) || server.Usable(now) {
		t.Errorf("muted: client %v, server %v; want only the client's side usable", client.Usable(now), server.Usable(now))
	}
	client.Mute(false)
	exchange(32 * time.Second)
	if !server.Usable(now) {
		t.Error("server does not use the path 10 s after it was unmuted")
	}
	client.Mute(true)
	exchange(35 * time.Second)
	if server.Usable(now) {
		t.Error("server still uses the path 3 s after it was muted")
	}
}

func TestEchoThatWasNeverSentProvesNothing(t *testing.T) {
	client, server := ends(t, 2)
	server.peerTick.Store(1 << 62) // what it will echo
	client.Open(time.Second, seal(server, time.Second, nil))
	if client.Alive(time.Second) {
		t.Error("an echo from the future counts")
	}
	server.peerTick.Store(1)
	client.Open(time.Minute, seal(server, time.Minute, nil))
	if client.Alive(time.Minute) {
		t.Error("an echo of a minute ago counts")
	}
}

func TestEngineRefusesImpossibleParameters(t *testing.T) {
	key := make([]byte, v2KeyLen)
	for name, p := range map[string]Params{
		"version 0":              {SendKey: key, RecvKey: key},
		"version 3":              {Version: 3, SendKey: key, RecvKey: key},
		"short key of version 1": {Version: 1, SendKey: key[:19], RecvKey: key},
		"short key of version 2": {Version: 2, SendKey: key, RecvKey: key[:31]},
	} {
		if _, err := NewEngine(p); err == nil {
			t.Errorf("%s: no error", name)
		}
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

func TestEngineAllocatesNothing(t *testing.T) {
	bothVersions(t, func(t *testing.T, v int) {
		client, server := ends(t, v)
		f, p := ether(1400), make([]byte, 1500)
		p = p[:client.Size(len(f))]
		now := time.Second
		server.Open(now, seal(client, now, nil)) // makes the replay window
		if n := testing.AllocsPerRun(1000, func() {
			client.Seal(now, p, f)
			if _, err := server.Open(now, p); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations a packet, want 0", n)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for v := 1; v <= 2; v++ {
		b.Run(fmt.Sprint("v", v), func(b *testing.B) {
			client, _ := ends(b, v)
			f := ether(1363)
			p := make([]byte, client.Size(len(f)))
			b.SetBytes(int64(len(f)))
			b.ReportAllocs()
			for b.Loop() {
				client.Seal(time.Second, p, f)
			}
		})
	}
}

// BenchmarkSealOpen does both, as a packet can be opened only once.
func BenchmarkSealOpen(b *testing.B) {
	for v := 1; v <= 2; v++ {
		b.Run(fmt.Sprint("v", v), func(b *testing.B) {
			client, server := ends(b, v)
			f := ether(1363)
			p := make([]byte, client.Size(len(f)))
			b.SetBytes(int64(len(f)))
			b.ReportAllocs()
			now := time.Second
			for b.Loop() {
				now += 10 * time.Microsecond
				client.Seal(now, p, f)
				if _, err := server.Open(now, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
