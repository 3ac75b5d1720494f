// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"network-manager-softether/frame"
	. "network-manager-softether/protocol/softethertest"
)

// TestOrderUnderKills sends many flows while connections are cut at random. Frames may
// be lost. They may also be late, by as much as the computer is busy: what the server had
// read from the connection it cut is still in the hands of that one's goroutine when the
// next frames of the flow come in over another. So what is held to is what keeps a flow
// in order, whatever the server's goroutines do: on each connection its frames are in
// order, and it leaves a connection only when that is lost.
//
// It does not run beside other tests, whose descriptors would count as its own.
func TestOrderUnderKills(t *testing.T) {
	const flows, kills = 24, 40
	var mu sync.Mutex
	var arrived []arrival
	srv := start(t, WithHandler(func(s *ServerSession) {
		s.ReceiveFrom(func(conn int, frames [][]byte) {
			mu.Lock()
			defer mu.Unlock()
			for _, f := range frames {
				flow, n := numberOf(f)
				arrived = append(arrived, arrival{conn, flow, n})
			}
		})
	}))
	before := resources(t)
	cfg := many(srv, 8)
	s, server := whole(t, srv, cfg)
	s.Start(func([][]byte) {})
	stop, began := make(chan struct{}), time.Now()
	var wg sync.WaitGroup
	sent := 0
	wg.Go(func() {
		for n := uint32(1); ; n++ {
			b := frame.NewBatch(64<<10, 64)
			for flow := range flows {
				b.Append(udp(uint16(flow), n))
			}
			if err := s.Send(b); err != nil {
				t.Error(err)
				return
			}
			sent += flows
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	})
	for ctx, n := within(t), 0; n < kills && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if server.Conns() >= 5 && s.Connections() >= 5 {
			server.CutOne(rand.N(5), Cut(rand.N(3)))
			n++
		}
	}
	close(stop)
	wg.Wait()
	if err := server.WaitConns(within(t), 8); err != nil {
		t.Error(err)
	}
	mu.Lock()
	seen, disordered, moves := travels(arrived)
	t.Logf("%d frames sent, %d arrived, %d moves from living connections", sent, len(arrived), moves)
	if len(arrived) < sent/2 || seen != flows {
		t.Errorf("%d of %d frames arrived, of %d flows", len(arrived), sent, seen)
	}
	if disordered > 0 {
		t.Errorf("%d frames were overtaken on their own connection", disordered)
	}
	// Once a second one flow is moved to a connection that has little to do, and a
	// connection that hangs loses its flows. Frames dealt out one by one, as the official
	// client does, would move thousands of times.
	if most := flows + int(time.Since(began).Seconds()); moves > most {
		t.Errorf("flows left a living connection %d times, want at most %d", moves, most)
	}
	mu.Unlock()
	if len(srv.Logins()) != 1 {
		t.Errorf("%d logins, want 1", len(srv.Logins()))
	}
	s.Close()
	for ctx := within(t); ; {
		runtime.GC()
		if after := resources(t); after.descriptors <= before.descriptors {
			break
		} else if ctx.Err() != nil {
			t.Errorf("before: %+v, after: %+v", before, after)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// An arrival is a frame that reached the server: the connection it came on, its flow and
// its number in that.
type arrival struct {
	conn int
	flow uint16
	n    uint32
}

// travels returns how many flows there are in what arrived, how many frames came behind
// a later one of their flow on the same connection, and how often a flow went on to
// another connection although the one it left went on to carry later frames.
func travels(arrived []arrival) (flows, disordered, moves int) {
	type way struct {
		conn int
		flow uint16
	}
	last, latest := map[way]uint32{}, map[int]uint32{}
	for _, a := range arrived {
		w := way{a.conn, a.flow}
		if a.n <= last[w] {
			disordered++
		}
		last[w] = max(last[w], a.n)
		latest[a.conn] = max(latest[a.conn], a.n)
	}
	asSent := slices.SortedFunc(slices.Values(arrived), func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.flow, b.flow), cmp.Compare(a.n, b.n))
	})
	for i, a := range asSent {
		if i == 0 || asSent[i-1].flow != a.flow {
			flows++
		} else if left := asSent[i-1].conn; left != a.conn && latest[left] > a.n {
			moves++
		}
	}
	return flows, disordered, moves
}

// udp is a frame of a flow, with a number.
func udp(flow uint16, n uint32) []byte {
	f := make([]byte, 200)
	copy(f, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45")
	p := f[frame.HeaderLen:]
	p[9] = 17
	copy(p[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(p[20:], flow)
	binary.BigEndian.PutUint32(p[30:], n)
	return f
}

// numberOf is the opposite of udp.
func numberOf(f []byte) (flow uint16, n uint32) {
	p := f[frame.HeaderLen:]
	return binary.BigEndian.Uint16(p[20:]), binary.BigEndian.Uint32(p[30:])
}

type usage struct{ descriptors int }

func resources(t *testing.T) usage {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return usage{len(fds)}
}
