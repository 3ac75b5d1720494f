// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// A flood sends datagrams of one size from one host to another at a given rate, spread over flows that differ
// in their source port. iperf3 can handle neither that many flows nor, on one core, that many packets.
type flood struct {
	in   *net.UDPConn
	outs []*ipv4.PacketConn // one for each flow, connected
	got  atomic.Int64       // datagrams received
	msgs []ipv4.Message     // what is sent, batchMax times the same
}

const (
	batchMax   = 64                    // datagrams for a system call
	floodQueue = 32 << 20              // bytes of the receiver's queue, lest it is what loses
	quiet      = 60 * time.Millisecond // after which no more will arrive
	stragglers = 2 * time.Second       // for which to wait at most
)

// allowFiles raises the limit of open files if it is lower: each flow is a socket.
func allowFiles(n uint64) error {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	if err == nil && limit.Cur < n {
		err = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: max(n, limit.Max)})
	}
	if err != nil {
		return fmt.Errorf("raising the limit of open files to %d: %w", n, err)
	}
	return nil
}

// A place is where sockets are made, such as a host of the lab.
type place interface{ Do(f func() error) error }

// newFlood opens the sockets. to's is at addr, which the office reaches through the tunnel, and vice versa.
func newFlood(ctx context.Context, from, to place, addr netip.Addr, size, flows int) (*flood, error) {
	f := &flood{}
	err := to.Do(func() (err error) {
		f.in, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
		return err
	})
	if err != nil {
		return nil, err
	}
	raw, err := f.in.SyscallConn()
	if err == nil {
		serr := err
		err = raw.Control(func(fd uintptr) { serr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, floodQueue) })
		err = errors.Join(err, serr)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	err = from.Do(func() error {
		for range flows {
			c, err := net.DialUDP("udp4", nil, f.in.LocalAddr().(*net.UDPAddr))
			if err != nil {
				return fmt.Errorf("flow %d of %d: %w", len(f.outs)+1, flows, err)
			}
			f.outs = append(f.outs, ipv4.NewPacketConn(c))
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	payload := make([]byte, size)
	for range batchMax {
		f.msgs = append(f.msgs, ipv4.Message{Buffers: [][]byte{payload}})
	}
	go f.count()
	return f, nil
}

func (f *flood) close() error {
	for _, c := range f.outs {
		c.Close()
	}
	return f.in.Close()
}

// count counts what arrives until the socket is closed.
func (f *flood) count() {
	in := ipv4.NewPacketConn(f.in)
	msgs := make([]ipv4.Message, batchMax)
	for i := range msgs {
		msgs[i].Buffers = [][]byte{make([]byte, 2048)}
	}
	for {
		n, err := in.ReadBatch(msgs, 0)
		if err != nil {
			return
		}
		f.got.Add(int64(n))
	}
}

// A trial is the result of sending at some rate.
type trial struct {
	sent, arrived int
	rate          float64       // sent a second
	took          time.Duration // until the last has arrived
}

func (t trial) loss() float64 { return 1 - float64(t.arrived)/float64(max(t.sent, 1)) }

// delivered returns how many arrived per second.
func (t trial) delivered() float64 { return float64(t.arrived) / t.took.Seconds() }

// passed reports whether the rate was sustainable: next to nothing is lost, or waits in some queue for long.
func (t trial) passed() bool { return t.loss() <= lossLimit && t.delivered() >= enough*t.rate }

// run sends at that rate, in datagrams a second, for that long.
func (f *flood) run(ctx context.Context, rate float64, length time.Duration) (trial, error) {
	before := f.got.Load()
	began := time.Now()
	var t trial
	for flow := 0; ctx.Err() == nil; {
		if t.took = time.Since(began); t.took >= length {
			break
		}
		due := int(rate*t.took.Seconds()) - t.sent
		if due <= 0 {
			time.Sleep(time.Millisecond / 2)
			continue
		}
		// With many flows one after the other has its turn, as they would have with as many users.
		n := min(due, batchMax)
		if len(f.outs) > 1 {
			n = 1
		}
		n, err := f.outs[flow].WriteBatch(f.msgs[:n], 0)
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return t, err
		}
		t.sent += max(n, 0)
		flow = (flow + 1) % len(f.outs)
	}
	t.rate = float64(t.sent) / t.took.Seconds()
	t.arrived = int(f.got.Load() - before)
	for last := t.took; t.took-last < quiet && last < length+stragglers; t.took = time.Since(began) {
		time.Sleep(quiet / 10)
		if n := int(f.got.Load() - before); n > t.arrived {
			t.arrived, last = n, time.Since(began)
		}
	}
	t.took = max(t.took-quiet, length)
	return t, ctx.Err()
}
