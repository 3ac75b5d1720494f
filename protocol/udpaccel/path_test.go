// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// socket returns a socket on loopback that is connected to port of it, 0 = to itself.
func socket(t testing.TB, address string, port int) *net.UDPConn {
	t.Helper()
	self := &net.UDPAddr{IP: net.ParseIP(address)}
	if port == 0 {
		port = 9
	}
	c, err := net.DialUDP("udp", self, &net.UDPAddr{IP: self.IP, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func portOf(c *net.UDPConn) uint16 { return c.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

// start starts a path, which the test closes.
func start(t testing.TB, c PathConfig) *Path {
	t.Helper()
	if c.Start.IsZero() {
		c.Start = time.Now()
	}
	if c.Receive == nil {
		c.Receive = func([][]byte) {}
	}
	p, err := NewPath(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	known(p)
	return p
}

// known makes a path know that it carries everything.
func known(p *Path) {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	p.fit.mtu = p.routeMTU()
	p.fit.size.Store(int64(p.fit.longest()))
}

// within fails the test if what does not become true soon.
func within(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// mature ends the stable period of a path that has heard its peer.
func mature(t testing.TB, p *Path) {
	t.Helper()
	within(t, "an answer of the peer", func() bool { return p.engine.Alive(p.now()) })
	p.engine.health.stable.Store(int64(time.Second - stablePeriod))
	known(p)
}

func framesOf(frames ...[]byte) [][]byte { return frames }

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

func TestPathAllocatesNothing(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		t.Run(fmt.Sprint("compressed ", compressed), func(t *testing.T) { allocatesNothing(t, compressed) })
	}
}

func allocatesNothing(t *testing.T, compressed bool) {
	ce, se := ends(t, 2, func(p *Params) { p.Compressed = compressed })
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	var got atomic.Int64
	more := make(chan struct{}, 1)
	start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs), Receive: func(f [][]byte) {
		got.Add(int64(len(f)))
		select {
		case more <- struct{}{}:
		default:
		}
	}})
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss)})
	b := framesOf(ether(1363), ether(1363), ether(1363), ether(66), ether(1514), ether(1514))
	var sent int64
	late := time.NewTimer(leaktest.Patience)
	defer late.Stop()
	if n := testing.AllocsPerRun(200, func() {
		if err := client.Send(b); err != nil {
			t.Fatal(err)
		}
		for sent += int64(len(b)); got.Load() < sent; {
			select {
			case <-more:
			case <-late.C:
				t.Fatalf("%d frames arrived, sent were %d", got.Load(), sent)
			}
		}
	}); n >= 1 { // a keep-alive may allocate
		t.Errorf("%v allocations a batch, sent and received, want 0", n)
	}
}

// BenchmarkPath sends over loopback, both ends in one process.
func BenchmarkPath(b *testing.B) {
	for name, size := range map[string]int{"bulk": 1363, "small": 66, "fragmented": 1514} {
		b.Run(name, func(b *testing.B) {
			ce, se := ends(b, 2)
			cs, ss := socket(b, "127.0.0.1", 0), socket(b, "127.0.0.1", 0)
			var got atomic.Int64
			start(b, PathConfig{Engine: se, Conn: ss, Port: portOf(cs), Receive: func(f [][]byte) { got.Add(int64(len(f))) }})
			client := start(b, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss)})
			batch := frame.NewBatch(80<<10, 256)
			for range 48 {
				batch.Append(ether(size))
			}
			b.SetBytes(int64(batch.Len() * size))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := client.Send(batch.Frames()); err != nil {
					b.Fatal(err)
				}
				n += batch.Len()
			}
			within(b, "the rest", func() bool { a := got.Load(); time.Sleep(5 * time.Millisecond); return a == got.Load() })
			b.ReportMetric(100*float64(got.Load())/float64(n), "%arrived")
		})
	}
}
