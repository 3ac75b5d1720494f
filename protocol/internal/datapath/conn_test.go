// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
)

// pipe is one end of a connection in memory.
type pipe struct{ net.Conn }

func (p pipe) CloseWrite() error { return p.Close() }

// errOver ends a connection that is no longer needed.
var errOver = errors.New("session closed")

const testTimeout = 20 * time.Second

// newPipe returns a connection and the server's end of it.
func newPipe() (*Conn, net.Conn) {
	ours, theirs := net.Pipe()
	return NewConn(Link{Stream: pipe{ours}, Raw: ours}, nil, testTimeout), theirs
}

func TestKeepAlivesFillTheSilence(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		c, server := newPipe()
		defer server.Close()
		go c.keepAlive()
		defer c.drop(errOver)

		last := time.Now()
		for i := range 50 {
			var head [8]byte
			if _, err := io.ReadFull(server, head[:]); err != nil {
				t.Fatal(err)
			}
			if head[0] != 0xff || head[6] > 1 || head[4] != 0 || head[5] != 0 {
				t.Fatalf("keep-alive begins with % x", head)
			}
			if _, err := io.CopyN(io.Discard, server, int64(head[6])<<8|int64(head[7])); err != nil {
				t.Fatal(err)
			}
			quiet := time.Since(last)
			last = time.Now()
			if i == 0 && quiet != 0 {
				t.Errorf("first keep-alive after %v, want at once", quiet)
			}
			if i > 0 && (quiet < testTimeout/5 || quiet > testTimeout/2) {
				t.Errorf("keep-alive after %v, want %v to %v", quiet, testTimeout/5, testTimeout/2)
			}
		}
	})
}

func TestDataMakesKeepAlivesNeedless(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		c, server := newPipe()
		defer server.Close()
		go func() {
			var b [1024]byte
			for {
				n, err := server.Read(b[:])
				if err != nil {
					return
				}
				if b[0] == 0xff && time.Since(c.Born) > 0 {
					t.Errorf("%d bytes of keep-alive after %v", n, time.Since(c.Born))
				}
			}
		}()
		go c.keepAlive()
		for range 100 {
			time.Sleep(testTimeout/5 - time.Millisecond)
			if err := c.sendRecords(u32(0)); err != nil {
				t.Fatal(err)
			}
		}
		c.drop(errOver)
	})
}

func TestSilenceEndsAConnection(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server func(server net.Conn)
		after  time.Duration // at least; the slack comes on top
	}{
		{"from the start", func(net.Conn) {}, testTimeout},
		{"after a keep-alive", func(s net.Conn) {
			time.Sleep(15 * time.Second)
			s.Write(u32(keepAliveMark, 0))
		}, 15*time.Second + testTimeout},
		{"bytes that never become a block", func(s net.Conn) {
			s.Write(u32(1, 1000))
			for range 60 {
				time.Sleep(time.Second)
				if _, err := s.Write([]byte{0}); err != nil {
					return
				}
			}
		}, testTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				c, server := newPipe()
				var wg sync.WaitGroup
				wg.Go(func() { tt.server(server) })
				err := c.readAll(func([][]byte) { t.Error("got frames") })
				if !errors.Is(err, ErrLost) || !errors.Is(err, ErrTimeout) {
					t.Errorf("error %v, want %v and %v", err, ErrLost, ErrTimeout)
				}
				if took := time.Since(c.Born); took < tt.after || took > tt.after+2*c.slack() {
					t.Errorf("noticed after %v, want %v to %v", took, tt.after, tt.after+2*c.slack())
				}
				c.Stream.Close()
				server.Close()
				wg.Wait()
			})
		})
	}
}

func TestASlowReceiverIsNoSilence(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		c, server := newPipe()
		go func() {
			for range 5 {
				server.Write(join(u32(1, 60), ethernet(60, 'x')))
			}
			server.Close()
		}()
		got := 0
		err := c.readAll(func([][]byte) {
			got++
			time.Sleep(3 * testTimeout)
		})
		if got != 5 || errors.Is(err, ErrTimeout) {
			t.Errorf("%d batches and %v, want 5 and no time-out", got, err)
		}
	})
}

func TestAStuckWriteEndsWithTheTimeout(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		c, server := newPipe()
		defer server.Close()
		time.Sleep(time.Hour)
		began := time.Now()
		err := c.sendRecords(u32(0))
		if !errors.Is(err, ErrTimeout) {
			t.Errorf("error %v, want %v", err, ErrTimeout)
		}
		if took := time.Since(began); took < testTimeout || took > testTimeout+c.slack() {
			t.Errorf("noticed after %v, want %v to %v", took, testTimeout, testTimeout+c.slack())
		}
		c.Stream.Close()
	})
}

func TestDropWakesTheReader(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		c, server := newPipe()
		defer server.Close()
		time.AfterFunc(time.Second, func() { c.drop(errOver) })
		c.readAll(func([][]byte) {})
		if took := time.Since(c.Born); took != time.Second {
			t.Errorf("reader ended after %v, want 1s", took)
		}
		if err := c.sendRecords(u32(0)); !errors.Is(err, errOver) {
			t.Errorf("write after drop: %v, want %v", err, errOver)
		}
	})
}

// discard is a stream that takes everything and gives a stream of blocks.
type discard struct {
	pipe
	endless
}

func (d *discard) Read(p []byte) (int, error)       { return d.endless.Read(p) }
func (d *discard) Write(p []byte) (int, error)      { return len(p), nil }
func (d *discard) SetReadDeadline(time.Time) error  { return nil }
func (d *discard) SetWriteDeadline(time.Time) error { return nil }

func TestConnectionAllocatesNothing(t *testing.T) {
	st := &discard{endless: endless{stream: join(u32(1, 1514), ethernet(1514, 'x'))}}
	c := NewConn(Link{Stream: st, Raw: st}, nil, testTimeout)
	message := join(u32(1, 1514), ethernet(1514, 'x'))
	if n := testing.AllocsPerRun(1000, func() {
		if err := c.sendRecords(message); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a write, want 0", n)
	}
	batches := 0
	const runs = 1000
	n := testing.AllocsPerRun(1, func() {
		c.gone, batches = make(chan struct{}), 0
		c.readAll(func([][]byte) {
			if batches++; batches == runs {
				close(c.gone)
			}
		})
	})
	if n > 2 { // the channel itself
		t.Errorf("%v allocations in %d batches, want none", n, runs)
	}
}
