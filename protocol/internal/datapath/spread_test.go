// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
)

func TestFlowsAreDividedAndStayInOrder(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		fars := []*far{newFar(t, true), newFar(t, true), newFar(t, true), newFar(t, true)}
		conns := poolOf(fars[0].Conn, fars[1].Conn, fars[2].Conn, fars[3].Conn)
		sp := newSpreader(false)
		const flows, rounds = 8, 200
		ports := apart(flows)
		for i := range rounds {
			for _, port := range ports {
				sp.send([][]byte{ipPacket(0, protoTCP, port, uint32(2*i)), ipPacket(0, protoTCP, port, uint32(2*i+1))}, conns)
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
		ports := apart(2)
		for i := range rounds {
			began := time.Now()
			for flow := range 2 {
				var batch [][]byte
				for range 10 {
					batch = append(batch, ipPacket(0, protoTCP, ports[flow], uint32(i)))
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
		first, second := n[ports[0]], n[ports[1]]
		if first < rounds/3 || second < 10*rounds/3 {
			t.Errorf("%d and %d frames arrived, sent were %d and %d", first, second, rounds, 10*rounds)
		}
		if first < rounds && second < 10*rounds {
			t.Errorf("%d and %d frames arrived: the flow on the good connection lost some", first, second)
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
		for _, f := range sp.flows {
			if f.conn == gone.Conn {
				t.Error("the table still holds the lost connection")
			}
		}
		for i := range 20 {
			sp.send([][]byte{ipPacket(0, protoUDP, 7, uint32(20+i))}, poolOf(left.Conn))
		}
		synctest.Wait()
		if n := left.flows(t)[7]; n != 20 {
			t.Errorf("%d frames came over the other connection, want 20", n)
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
		ports := apart(6)
		for i := range 100 {
			var batch [][]byte
			for _, port := range ports {
				batch = append(batch, ipPacket(0, protoTCP, port, uint32(i)))
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
