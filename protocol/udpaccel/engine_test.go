// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
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
