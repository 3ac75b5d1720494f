// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
)

func TestFramesOfAllSizesGoBothWays(t *testing.T) {
	for _, tt := range []struct {
		name, address string
		compressed    bool
	}{{"IPv4", "127.0.0.1", false}, {"IPv6", "::1", false}, {"compressed", "127.0.0.1", true}} {
		t.Run(tt.name, func(t *testing.T) {
			ce, se := ends(t, 2, func(p *Params) { p.Compressed = tt.compressed })
			cs, ss := socket(t, tt.address, 0), socket(t, tt.address, 0)
			echo, got := make(chan *Path, 1), make(chan []byte, 1024)
			server := start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs), Receive: func(frames [][]byte) {
				p := <-echo
				p.send(frames)
				echo <- p
			}})
			echo <- server
			client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss), Receive: func(frames [][]byte) {
				for _, f := range frames {
					got <- bytes.Clone(f)
				}
			}})
			var want [][]byte
			for range 20 { // runs of equal ones, mixed ones, ones too long for a segment
				want = append(want, ether(1363), ether(1363), ether(1363), ether(66))
			}
			noise := make([]byte, 1363)
			rand.NewChaCha8([32]byte{}).Read(noise)
			want = append(want, noise)
			for n := frame.HeaderLen; n <= frame.MaxLen; n += 13 {
				want = append(want, ether(n))
			}
			if err := client.Send(framesOf(want...)); err != nil {
				t.Fatal(err)
			}
			for i, w := range want {
				select {
				case g := <-got:
					if !bytes.Equal(w, g) {
						t.Fatalf("frame %d of %d bytes came back as %d bytes", i, len(w), len(g))
					}
				case <-time.After(30 * time.Second):
					t.Fatalf("frame %d did not come back", i)
				}
			}
			whole := 0
			for _, w := range want {
				whole += len(w)
			}
			// Frames count, the noise among them is not compressed.
			if s := client.Stats(); tt.compressed != (s.SentBytes < uint64(whole)/2) || !tt.compressed && s.SentBytes != uint64(whole) {
				t.Errorf("%d bytes went out as %d", whole, s.SentBytes)
			}
			if s := client.Stats(); s.SentFrames != uint64(len(want)) || s.ReceivedFrames != s.SentFrames || s.SendCalls > s.SentPackets/2 {
				t.Errorf("statistics %+v", s)
			}
		})
	}
}

func TestStrangersAreNotHeard(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss)})
	// Even a genuine packet does not count if it comes from another port.
	stranger := socket(t, "127.0.0.1", int(portOf(cs)))
	stranger.Write(seal(se, time.Minute, ether(60)))
	if err := connect(ss, portOf(cs)); err != nil {
		t.Fatal(err)
	}
	ss.Write(seal(se, time.Minute, nil))
	within(t, "the peer to be heard", func() bool { return client.Stats().ReceivedPackets > 0 })
	if s := client.Stats(); s.ReceivedPackets != 1 || s.ReceivedFrames != 0 {
		t.Errorf("statistics %+v", s)
	}
}

func TestHostilePacketsAreCountedAndDoNoHarm(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	var frames atomic.Int64
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss), Receive: func(f [][]byte) { frames.Add(int64(len(f))) }})
	if err := connect(ss, portOf(cs)); err != nil {
		t.Fatal(err)
	}
	genuine := seal(se, time.Minute, ether(60))
	for _, p := range [][]byte{ether(10), make([]byte, 60000), genuine, genuine, genuine[:50], nil, seal(se, time.Minute, ether(60))} {
		if _, err := ss.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	within(t, "two frames", func() bool { return frames.Load() == 2 })
	s := client.Stats()
	if s.Dropped[DropForged] < 3 || s.Dropped[DropReplay] != 1 {
		t.Errorf("statistics %+v", s)
	}
}

func TestRefusedPacketsEndTheUseForASecond(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss)})
	server := start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs)})
	mature(t, client)
	if !client.Usable() {
		t.Fatal("not usable to begin with")
	}
	server.Close() // the kernel answers that nobody is there
	within(t, "an error", func() bool {
		err := client.Send(framesOf(ether(60)))
		return errors.Is(err, syscall.ECONNREFUSED) || client.Stats().SendErrors > 0
	})
	client.fail(client.now(), syscall.ECONNREFUSED)
	if client.Usable() {
		t.Error("still usable")
	}
}

func TestIdlePathIsNotUsedButKeptOpen(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	begin := time.Now()
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss), Idle: true, Start: begin})
	server := start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs), Start: begin})
	mature(t, client)
	if client.Usable() {
		t.Error("an idle path is usable")
	}
	if server.engine.Alive(server.now()) {
		t.Error("the peer thinks that we hear it")
	}
	client.SetActive(true)
	if !client.Usable() {
		t.Error("not usable at once when it is wanted")
	}
	within(t, "the peer to know", func() bool { return server.engine.Alive(server.now()) })
}

func TestIdlePathDoesNotListenAndIsBackAtOnce(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	begin := time.Now()
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss), Start: begin, idle: 1500 * time.Millisecond})
	server := start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs), Start: begin})
	mature(t, client) // before it goes deaf, however long that takes
	client.SetActive(false)
	within(t, "the client to stop listening", client.deaf.Load)
	calls := client.Stats().ReceiveCalls
	for range 5 {
		server.sendKeepAlive()
	}
	if n := client.Stats().ReceiveCalls; n != calls {
		t.Errorf("woke up %d times while idle", n-calls)
	}
	client.engine.health.last.Store(1) // as if it had been idle for long
	client.SetActive(true)
	within(t, "the client to be usable again", client.Usable)
	if !client.engine.Usable(client.now()) {
		t.Error("it needs another stable period")
	}
}

func TestPeerIsFoundAtThePortItLearned(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss, wrong := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(wrong), search: time.Millisecond})
	server := start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs)})
	client.TryPort(portOf(ss))
	within(t, "both to hear each other", func() bool {
		return client.engine.Alive(client.now()) && server.engine.Alive(server.now())
	})
	client.TryPort(1)
	if !client.engine.Alive(client.now()) {
		t.Error("another port disturbs a path that works")
	}
}

func TestCloseIsFinalAndMayBeRepeated(t *testing.T) {
	ce, _ := ends(t, 2)
	cs := socket(t, "127.0.0.1", 0)
	p := start(t, PathConfig{Engine: ce, Conn: cs, Port: 9})
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Send(framesOf(ether(60))); !errors.Is(err, net.ErrClosed) {
		t.Errorf("send after close: %v", err)
	}
}

func TestARetiredPathOnlyListens(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	var frames atomic.Int64
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss), Receive: func(f [][]byte) { frames.Add(int64(len(f))) }})
	server := start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs)})
	mature(t, client)
	client.Retire()
	client.Retire()
	sent := client.Stats().SentPackets
	if err := client.Send(framesOf(ether(60))); !errors.Is(err, errRetired) {
		t.Errorf("send on a retired path: %v", err)
	}
	client.sendKeepAlive()
	leaktest.Ends(t, "sending keep-alives", func() { client.keepAlive(time.Hour) })
	if n := client.Stats().SentPackets - sent; n > 0 {
		t.Errorf("it has sent %d packets", n)
	}
	if err := server.Send(framesOf(ether(60))); err != nil {
		t.Fatal(err)
	}
	within(t, "what is still on its way", func() bool { return frames.Load() > 0 })
}
