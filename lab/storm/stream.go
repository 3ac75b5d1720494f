// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
)

// A stream is one direction of a TCP connection through a tunnel that lives as long as the storm. What
// arrives is compared with what was sent, byte by byte.
type stream struct {
	name     string
	key      [32]byte
	from, to *net.TCPConn
	enough   chan struct{} // closed to end it
	sent     chan int64
	done     chan streamTotal
	mu       sync.Mutex // guards what follows
	last     time.Time  // when bytes came
	broken   error
}

// A streamTotal is the result of one or several streams.
type streamTotal struct {
	name   string
	number int
	bytes  int64
	err    error
}

// The load of a stream: low enough for many to share a computer with other tests.
const (
	pieceEvery = 50 * time.Millisecond
	pieceMost  = 16 << 10
)

// startStreams opens a TCP connection through the tunnel and starts to send in both directions.
func startStreams(ctx context.Context, l *lab.Lab, t *tunnel) ([]*stream, error) {
	listener, err := l.Office.Listen("tcp", netip.AddrPortFrom(t.inner, 0).String())
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	desk, err := l.Desktop.DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return nil, err
	}
	office, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	var streams []*stream
	for i, way := range [][2]net.Conn{{desk, office}, {office, desk}} {
		s := &stream{
			name: t.name + ", " + []string{"up", "down"}[i], from: way[0].(*net.TCPConn), to: way[1].(*net.TCPConn),
			enough: make(chan struct{}), sent: make(chan int64, 1), done: make(chan streamTotal, 1), last: time.Now(),
		}
		copy(s.key[:], s.name)
		impatient(s.from)
		go s.send()
		go s.receive()
		streams = append(streams, s)
	}
	return streams, nil
}

// impatient makes TCP retransmit every few seconds after an outage, instead of after as long as that has lasted, if
// the kernel can (TCP_RTO_MAX_MS of Linux 6.15). Otherwise the storm has to wait for TCP.
func impatient(c *net.TCPConn) {
	const rtoMax = 44
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, rtoMax, 3000) })
	}
}

// persevere has the host's TCP connections last for as long as they usually do, a quarter of an hour: the kernel counts
// retransmissions, and impatient ones would be used up after 40 s (tcp_retries2 in tcp(7)).
func persevere(h *netns.Host) error {
	return h.Do(func() error { return os.WriteFile("/proc/sys/net/ipv4/tcp_retries2", []byte("255"), 0) })
}

func (s *stream) send() {
	sequence, sizes := rand.NewChaCha8(s.key), rand.New(rand.NewPCG(uint64(s.key[0]), 0))
	buf := make([]byte, pieceMost)
	tick := time.NewTicker(pieceEvery)
	defer tick.Stop()
	var n int64
	for {
		select {
		case <-s.enough:
			s.fail("ending", s.from.CloseWrite())
			s.sent <- n
			return
		case <-tick.C:
		}
		piece := buf[:1+sizes.IntN(pieceMost)]
		_, _ = sequence.Read(piece) // never fails
		if _, err := s.from.Write(piece); err != nil {
			s.fail("sending", err)
			s.sent <- n
			return
		}
		n += int64(len(piece))
	}
}

func (s *stream) receive() {
	sequence := rand.NewChaCha8(s.key)
	got, want := make([]byte, 64<<10), make([]byte, 64<<10)
	total := streamTotal{name: s.name, number: 1}
	for {
		n, err := s.to.Read(got)
		_, _ = sequence.Read(want[:n]) // never fails
		if !bytes.Equal(got[:n], want[:n]) {
			s.fail(fmt.Sprintf("from byte %d on", total.bytes), errors.New("other bytes came"))
			break
		}
		total.bytes += int64(n)
		if n > 0 {
			s.mu.Lock()
			s.last = time.Now()
			s.mu.Unlock()
		}
		if errors.Is(err, io.EOF) {
			if sent := <-s.sent; sent != total.bytes {
				s.fail("in the end", fmt.Errorf("%d of %d bytes came", total.bytes, sent))
			}
			break
		}
		if err != nil {
			s.fail("receiving", err)
			break
		}
	}
	total.err = s.moves(time.Time{})
	s.done <- total
}

func (s *stream) fail(what string, err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = errors.Join(s.broken, fmt.Errorf("%s: %w", what, err))
}

// moves returns an error if no byte has arrived since then, or the stream is broken.
func (s *stream) moves(since time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil && s.last.Before(since) {
		return errors.New("no byte comes")
	}
	return s.broken
}

// end stops sending and waits until everything has arrived.
func (s *stream) end() streamTotal {
	close(s.enough)
	_ = s.to.SetReadDeadline(time.Now().Add(limit)) // a TCP connection takes deadlines
	return <-s.done
}
