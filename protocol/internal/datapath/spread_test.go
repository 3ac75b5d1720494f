// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/bubbletest"
)

// ipPacket is an IPv4 frame of a flow, told by its source port, with a number.
func ipPacket(tos byte, proto byte, port uint16, number uint32) []byte {
	f := make([]byte, 90)
	copy(f, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45")
	p := f[frame.HeaderLen:]
	p[1], p[9] = tos, proto
	copy(p[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(p[20:], port)
	binary.BigEndian.PutUint32(p[30:], number)
	return f
}

// poolOf returns a pool of conns.
func poolOf(conns ...*Conn) *pool {
	p := new(pool)
	for _, c := range conns {
		p.add(c)
	}
	return p
}

func number(f []byte) uint32 { return binary.BigEndian.Uint32(f[frame.HeaderLen+30:]) }
func port(f []byte) uint16   { return binary.BigEndian.Uint16(f[frame.HeaderLen+20:]) }

// A far is the server's end of a connection in memory.
type far struct {
	*Conn
	end net.Conn

	mu  sync.Mutex
	got []uint32 // flow<<16 | number
}

// newFar returns a connection whose queue is written. The server reads it, if it
// reads at all.
func newFar(t *testing.T, reads bool) *far {
	c, server := newPipe()
	c.queue = newSendQueue()
	f := &far{Conn: c, end: server}
	var wg sync.WaitGroup
	wg.Go(c.writeQueued)
	if reads {
		wg.Go(func() {
			r := newBlockReader()
			for {
				frames, err := r.next(server)
				f.mu.Lock()
				for _, b := range frames {
					f.got = append(f.got, uint32(port(b))<<16|number(b))
				}
				f.mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	t.Cleanup(func() {
		c.drop(errOver)
		c.Stream.Close()
		server.Close()
		wg.Wait()
	})
	return f
}

// flows counts the frames of each flow that have arrived, and checks their order.
func (f *far) flows(t *testing.T) map[uint16]int {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	n, last := map[uint16]int{}, map[uint16]uint32{}
	for _, g := range f.got {
		flow, num := uint16(g>>16), g&0xffff
		if n[flow] > 0 && num <= last[flow] {
			t.Errorf("flow %d: frame %d after %d", flow, num, last[flow])
		}
		n[flow]++
		last[flow] = num
	}
	return n
}

func TestFlowsAreDividedAndStayInOrder(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		fars := []*far{newFar(t, true), newFar(t, true), newFar(t, true), newFar(t, true)}
		conns := poolOf(fars[0].Conn, fars[1].Conn, fars[2].Conn, fars[3].Conn)
		sp := newSpreader(false)
		const flows, rounds = 8, 200
		for i := range rounds {
			for flow := range flows {
				sp.send([][]byte{ipPacket(0, protoTCP, uint16(flow), uint32(2*i)), ipPacket(0, protoTCP, uint16(flow), uint32(2*i+1))}, conns)
			}
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		seen := map[uint16]int{}
		for i, f := range fars {
			had := f.flows(t)
			if len(had) != flows/len(fars) {
				t.Errorf("connection %d carried %d flows, want %d", i, len(had), flows/len(fars))
			}
			for flow, n := range had {
				seen[flow] += n
				if n != 2*rounds {
					t.Errorf("%d frames of flow %d on connection %d, want all %d", n, flow, i, 2*rounds)
				}
			}
		}
		if len(seen) != flows || sp.dropped.Load() != 0 {
			t.Errorf("%d flows arrived, %d frames were dropped", len(seen), sp.dropped.Load())
		}
	})
}

// TestAConnectionThatHangsDoesNotStallTheOthers: its flow is dropped for a second,
// and then goes elsewhere.
func TestAConnectionThatHangsDoesNotStallTheOthers(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		good, bad := newFar(t, true), newFar(t, false)
		conns := poolOf(good.Conn, bad.Conn)
		sp := newSpreader(false)
		var worst time.Duration
		const rounds = 2000
		for i := range rounds {
			began := time.Now()
			for flow := range 2 {
				var batch [][]byte
				for range 10 {
					batch = append(batch, ipPacket(0, protoTCP, uint16(flow), uint32(i)))
				}
				sp.send(batch[:1+9*flow], conns)
			}
			worst = max(worst, time.Since(began))
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if worst > roomPatience {
			t.Errorf("a Send took %v, want at most %v", worst, roomPatience)
		}
		if n := bad.queue.waiting(); n > queueBytes {
			t.Errorf("%d bytes wait, allowed are %d", n, queueBytes)
		}
		good.mu.Lock()
		defer good.mu.Unlock()
		n := map[uint16]int{}
		for _, g := range good.got {
			n[uint16(g>>16)]++
		}
		// One of the flows began on the connection that hangs.
		if n[0] < rounds/3 || n[1] < 10*rounds/3 {
			t.Errorf("%d and %d frames arrived, sent were %d and %d", n[0], n[1], rounds, 10*rounds)
		}
		if n[0] < rounds && n[1] < 10*rounds {
			t.Errorf("%d and %d frames arrived: the flow on the good connection lost some", n[0], n[1])
		}
	})
}

func TestALostConnectionsFlowsMove(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		a, b := newFar(t, true), newFar(t, true)
		conns := poolOf(a.Conn, b.Conn)
		sp := newSpreader(false)
		for i := range 20 {
			sp.send([][]byte{ipPacket(0, protoUDP, 7, uint32(i))}, conns)
		}
		synctest.Wait()
		if a.flows(t)[7]+b.flows(t)[7] != 20 {
			t.Fatal("frames are missing")
		}
		gone, left := a, b
		if b.flows(t)[7] > 0 {
			gone, left = b, a
		}
		gone.drop(ErrLost)
		sp.forget(gone.Conn)
		for i := range 20 {
			sp.send([][]byte{ipPacket(0, protoUDP, 7, uint32(20+i))}, poolOf(left.Conn))
		}
		synctest.Wait()
		if n := left.flows(t)[7]; n != 20 {
			t.Errorf("%d frames came over the other connection, want 20", n)
		}
		for _, f := range sp.flows {
			if f.conn == gone.Conn {
				t.Error("the table still holds the lost connection")
			}
		}
		left.drop(ErrLost)
		sp.forget(left.Conn)
		sp.send([][]byte{ipPacket(0, protoUDP, 7, 99)}, poolOf()) // must not wait for ever
	})
}

func TestUrgentFramesHaveAConnectionOfTheirOwn(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		fars := []*far{newFar(t, true), newFar(t, true), newFar(t, true)}
		conns := poolOf(fars[0].Conn, fars[1].Conn, fars[2].Conn)
		sp := newSpreader(true)
		for i := range 100 {
			var batch [][]byte
			for flow := range 6 {
				batch = append(batch, ipPacket(0, protoTCP, uint16(flow), uint32(i)))
			}
			sp.send(append(batch, ipPacket(0xb8, protoUDP, 100, uint32(i)), ipPacket(0, protoICMP, 101, uint32(i))), conns)
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		for i, f := range fars {
			had := f.flows(t)
			urgent := had[100] + had[101]
			ordinary := len(had)
			if urgent > 0 {
				ordinary -= 2
			}
			if urgent > 0 && (urgent != 200 || ordinary > 0) || urgent == 0 && ordinary != 3 {
				t.Errorf("connection %d carried %v", i, had)
			}
		}
	})
}

func TestWithOneConnectionLeftSendingWaits(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		f := newFar(t, false)
		sp := newSpreader(false)
		sent := make(chan int)
		go func() {
			n := 0
			for f.Alive() {
				sp.send([][]byte{ipPacket(0, protoTCP, 1, 0)}, poolOf(f.Conn))
				n++
			}
			sent <- n
		}()
		time.Sleep(10 * time.Second)
		f.drop(ErrLost)
		if n := <-sent; n > 3*queueBytes/94 || sp.dropped.Load() > 1 {
			t.Errorf("%d frames were taken, %d dropped, while nothing was written", n, sp.dropped.Load())
		}
	})
}

func TestFlowsAndUrgency(t *testing.T) {
	v6 := func(class byte, next byte, port byte) []byte {
		f := make([]byte, 100)
		copy(f[12:], []byte{0x86, 0xdd, 0x60 | class>>4, class << 4})
		f[frame.HeaderLen+6] = next
		f[frame.HeaderLen+8], f[frame.HeaderLen+40] = 0xfd, port
		return f
	}
	tagged := func(f []byte) []byte {
		return append(append(append([]byte{}, f[:12]...), 0x81, 0, 0, 5), f[12:]...)
	}
	fragment := func(f []byte) []byte { f[frame.HeaderLen+6] |= 0x20; return f }
	arp := make([]byte, 60)
	copy(arp[12:], []byte{8, 6})
	for _, tt := range []struct {
		name   string
		a, b   []byte
		same   bool
		urgent bool // a
	}{
		{"other numbers", ipPacket(0, protoTCP, 1, 1), ipPacket(0, protoTCP, 1, 2), true, false},
		{"other port", ipPacket(0, protoTCP, 1, 1), ipPacket(0, protoTCP, 2, 1), false, false},
		{"other protocol", ipPacket(0, protoTCP, 1, 1), ipPacket(0, protoUDP, 1, 1), false, false},
		{"fragments have no ports", fragment(ipPacket(0, protoUDP, 1, 1)), fragment(ipPacket(0, protoUDP, 2, 1)), true, false},
		{"tagged", tagged(ipPacket(0, protoTCP, 1, 1)), tagged(ipPacket(0, protoTCP, 2, 1)), false, false},
		{"IPv6", v6(0, protoTCP, 1), v6(0, protoTCP, 2), false, false},
		{"IPv6 fragments", v6(0, protoFragment, 1), v6(0, protoFragment, 2), true, false},
		{"not IP", arp, append([]byte{}, arp...), true, false},
		{"too short for IP", arp[:14], append([]byte{}, arp[:14]...), true, false},
		{"no frame", nil, []byte{1}, true, false},
		{"voice", ipPacket(0xb8, protoUDP, 1, 1), ipPacket(0, protoUDP, 1, 1), true, true},
		{"voice over IPv6", v6(0xb8, protoUDP, 1), v6(0, protoUDP, 1), true, true},
		{"ping", ipPacket(0, protoICMP, 1, 1), ipPacket(0, protoICMP, 2, 1), true, true},
		{"ping over IPv6", v6(0, protoICMPv6, 1), v6(0, protoICMPv6, 1), true, true},
		{"throughput", ipPacket(0x08, protoTCP, 1, 1), ipPacket(0, protoTCP, 1, 1), true, false},
		{"ECN says nothing", ipPacket(0x02, protoTCP, 1, 1), ipPacket(0, protoTCP, 1, 1), true, false},
		{"less than best effort", ipPacket(0x20, protoTCP, 1, 1), ipPacket(0x04, protoTCP, 1, 1), true, false},
	} {
		a, urgent := flowOf(tt.a)
		b, _ := flowOf(tt.b)
		if (a == b) != tt.same || urgent != tt.urgent {
			t.Errorf("%s: same flow %v, urgent %v, want %v and %v", tt.name, a == b, urgent, tt.same, tt.urgent)
		}
	}
}

func TestSpreadingAllocatesNothing(t *testing.T) {
	var conns []*Conn
	for range 4 {
		st := &discard{}
		c := NewConn(Link{Stream: st, Raw: st}, nil, testTimeout)
		c.queue = newSendQueue()
		conns = append(conns, c)
	}
	sp := newSpreader(true)
	var batch [][]byte
	for i := range 64 {
		batch = append(batch, ipPacket(0, protoTCP, uint16(i), 0))
	}
	p := poolOf(conns...)
	run := func() {
		sp.send(batch, p)
		for _, c := range conns {
			if m := c.queue.take(); m != nil {
				if err := c.sendRecords(m); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for range 10 {
		run()
	}
	if n := testing.AllocsPerRun(200, run); n != 0 {
		t.Errorf("%v allocations a batch, want 0", n)
	}
}
