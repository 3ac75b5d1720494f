// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"network-manager-softether/frame"
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

// apart returns n ports whose flows have entries of their own in a spreader's table. Which flows share one is drawn anew
// for each process.
func apart(n int) (ports []uint16) {
	taken := make(map[uint64]bool)
	for p := uint16(1); len(ports) < n; p++ {
		if at := Flow(ipPacket(0, protoTCP, p, 0)) % flowTable; !taken[at] {
			taken[at] = true
			ports = append(ports, p)
		}
	}
	return ports
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
