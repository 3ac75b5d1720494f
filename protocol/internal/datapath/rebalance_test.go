// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
)

// TestFlowsThatNeverPauseComeToUseNewConnections: seven of eight connections were lost
// and are replaced, while eight downloads go on over the one that was left.
func TestFlowsThatNeverPauseComeToUseNewConnections(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		const flows = 8
		ports := apart(flows)
		fars := []*far{newFar(t, true)}
		p := poolOf(fars[0].Conn)
		sp := newSpreader(false)
		rounds, moves := uint32(0), -flows // to begin with, each moves to a connection
		on := [flows]*Conn{}
		send := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Millisecond) {
				rounds++
				for i, port := range ports {
					sp.send([][]byte{ipPacket(0, protoTCP, port, 2*rounds), ipPacket(0, protoTCP, port, 2*rounds+1)}, p)
					if c := sp.entry(port).conn; c != on[i] {
						on[i] = c
						moves++
					}
				}
			}
		}
		send(3 * time.Second)
		for range flows - 1 {
			f := newFar(t, true)
			fars = append(fars, f)
			p.add(f.Conn)
			send(time.Second)
		}
		send(5 * time.Second)
		uses := map[*Conn]int{}
		for _, port := range ports {
			uses[sp.entry(port).conn]++
		}
		if len(uses) != flows || moves != flows-1 {
			t.Errorf("%d connections are used after %d moves, want %d and %d", len(uses), moves, flows, flows-1)
		}
		synctest.Wait()
		total := 0
		for _, f := range fars {
			for _, n := range f.flows(t) { // which checks the order, too
				total += n
			}
		}
		if want := int(rounds) * flows * 2; total != want || sp.dropped.Load() > 0 {
			t.Errorf("%d frames arrived, sent were %d, dropped %d", total, want, sp.dropped.Load())
		}
	})
}

// entry returns the table's entry of the flow that ipPacket makes.
func (sp *spreader) entry(port uint16) *flow {
	hash, _ := flowOf(ipPacket(0, protoTCP, port, 0))
	return &sp.flows[hash%flowTable]
}

func TestAFlowMovesOnlyWhereItHelps(t *testing.T) {
	const much = 4 * muchBusier
	type given struct {
		on     int // connection
		recent int64
	}
	for _, tt := range []struct {
		name   string
		waits  []int64 // in the queue of each connection
		flows  []given
		change func(sp *spreader, conns []*Conn)
		want   int // the flow that moves to connection 1; -1: none
	}{
		{"two on one, none on the other", []int64{0, 0}, []given{{0, much}, {0, much}}, nil, 0},
		{"the one whose move evens out most", []int64{0, 0}, []given{{0, 16 * much}, {0, much}, {0, 12 * much}}, nil, 0},
		{"alone on a connection", []int64{0, 0}, []given{{0, much}}, nil, -1},
		{"alone on a slow connection", []int64{queueBytes, 0}, []given{{0, much / 8}}, nil, -1},
		{"two on a slow connection", []int64{queueBytes, 0}, []given{{0, much / 8}, {0, much / 8}}, nil, 0},
		{"nearly alone", []int64{0, 0}, []given{{0, 100 * much}, {0, much / 8}}, nil, -1},
		{"about equally busy", []int64{0, 0}, []given{{0, much}, {0, much}, {1, much}}, nil, -1},
		{"too little to matter", []int64{0, 0}, []given{{0, muchBusier / 4}, {0, muchBusier / 4}}, nil, -1},
		{"the other one hangs", []int64{0, 0}, []given{{0, much}, {0, much}}, func(_ *spreader, c []*Conn) { c[1].share.hangs = true }, -1},
		{"the other one is about to go", []int64{0, 0}, []given{{0, much}, {0, much}}, func(_ *spreader, c []*Conn) { c[1].retiring.Store(true) }, -1},
		{"the other one only receives", []int64{0, 0}, []given{{0, much}, {0, much}}, func(_ *spreader, c []*Conn) { c[1].Direction = FromServer }, -1},
		{"the other one is for urgent frames", []int64{0, 0}, []given{{0, much}, {0, much}}, func(sp *spreader, c []*Conn) { sp.express = c[1] }, -1},
		{"another one has just moved", []int64{0, 0}, []given{{0, much}, {0, much}}, func(sp *spreader, _ []*Conn) { sp.moved = time.Minute - rebalanceEvery/2 }, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sp := newSpreader(false)
			var conns []*Conn
			for _, n := range tt.waits {
				c, _ := newPipe()
				c.share.recent = n
				conns = append(conns, c)
			}
			for i, f := range tt.flows {
				sp.flows[i] = flow{conn: conns[f.on], recent: 2 * f.recent}
				conns[f.on].share.recent = max(conns[f.on].share.recent, tt.waits[f.on]) + f.recent
			}
			if tt.change != nil {
				tt.change(sp, conns)
			}
			sp.rebalance(time.Minute, conns)
			for i, f := range tt.flows {
				want := conns[f.on]
				if i == tt.want {
					want = conns[1]
				}
				if sp.flows[i].conn != want {
					t.Errorf("flow %d is on the wrong connection", i)
				}
			}
		})
	}
}

// TestANewConnectionEndsTheWaitForTheOnlyOne: Send waits for a connection that takes
// nothing, until there is another one.
func TestANewConnectionEndsTheWaitForTheOnlyOne(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		stuck, good := newFar(t, false), newFar(t, true)
		p := poolOf(stuck.Conn)
		sp := newSpreader(false)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for n := uint32(0); ; n++ {
				select {
				case <-stop:
					return
				default:
					sp.send([][]byte{ipPacket(0, protoTCP, uint16(n%8), n&0xffff)}, p)
					time.Sleep(100 * time.Microsecond)
				}
			}
		}()
		time.Sleep(2 * time.Second)
		p.add(good.Conn)
		time.Sleep(2 * time.Second)
		close(stop)
		<-stopped
		synctest.Wait()
		if had := good.flows(t); len(had) != 8 {
			t.Errorf("%d of 8 flows use the new connection", len(had))
		}
	})
}
