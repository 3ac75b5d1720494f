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

// halves is a stream whose directions end by themselves: it reads from Conn and writes to out.
type halves struct {
	net.Conn
	out net.Conn
}

func (h halves) Write(p []byte) (int, error)         { return h.out.Write(p) }
func (h halves) SetWriteDeadline(at time.Time) error { return h.out.SetWriteDeadline(at) }
func (h halves) CloseWrite() error                   { return h.out.Close() }
func (h halves) Close() error                        { return errors.Join(h.Conn.Close(), h.out.Close()) }

// A connection that is replaced while the network is slow still delivers what is being written on it, and what the server
// has sent until it says goodbye.
func TestLeavingWhileAWriteWaits(t *testing.T) {
	waits := Waits{Flush: time.Second, Closing: time.Second, Drain: time.Second}
	for _, tt := range []struct {
		name   string
		queued bool
		slow   time.Duration // until the server reads
		whole  bool
	}{
		{"one connection", false, waits.Flush / 2, true},
		{"one connection, longer than the flush", false, waits.Flush + waits.Closing/2, true},
		{"several, longer than the flush", true, waits.Flush + waits.Closing/2, true},
		{"one connection, stuck", false, time.Minute, false},
		{"several, stuck", true, time.Minute, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				in, toUs := net.Pipe()
				out, fromUs := net.Pipe()
				stream := halves{in, out}
				c := NewConn(Link{Stream: stream, Raw: stream}, nil, testTimeout)
				message := join(u32(1, 60), ethernet(60, 'o'))
				var wg sync.WaitGroup
				if tt.queued {
					c.queue = newSendQueue()
					wg.Go(c.writeQueued)
					c.queue.append(ethernet(60, 'o'))
					c.queue.kick()
				} else {
					wg.Go(func() {
						if err := c.sendRecords(message); err != nil {
							c.failed(err)
						}
					})
				}
				got := 0
				wg.Go(func() { c.drop(c.readAll(func(f [][]byte) { got += len(f) })) })
				time.Sleep(time.Millisecond) // the write waits
				wg.Go(func() {
					time.Sleep(tt.slow)
					there, err := io.ReadAll(fromUs)
					if tt.whole && (err != nil || string(there) != string(message)) {
						t.Errorf("the server got %d bytes and %v, want %d", len(there), err, len(message))
					}
					toUs.Write(join(u32(1, 60), ethernet(60, 'i')))
					toUs.Close()
				})
				began := time.Now()
				c.retiring.Store(true)
				c.leave(&waits)
				if took := time.Since(began); took > waits.Flush+waits.Closing {
					t.Errorf("took %v, want at most %v", took, waits.Flush+waits.Closing)
				}
				why := c.Err()
				c.Stream.Close()
				wg.Wait()
				if tt.whole && (got != 1 || why != ErrServerClosed) {
					t.Errorf("got %d frames, ended by %v; want 1 and %v", got, why, ErrServerClosed)
				}
				if !tt.whole && why != errReplaced {
					t.Errorf("ended by %v, want %v", why, errReplaced)
				}
			})
		})
	}
}

// stubborn is a stream whose goodbye waits until the connection is closed.
type stubborn struct {
	pipe
	closed chan struct{}
	once   *sync.Once
}

func (s stubborn) CloseWrite() error { <-s.closed; return net.ErrClosed }

func (s stubborn) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.pipe.Close()
}

func TestAServerThatTakesNoGoodbyeIsNotWaitedFor(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		stream := stubborn{pipe{ours}, make(chan struct{}), new(sync.Once)}
		c := NewConn(Link{Stream: stream, Raw: stream}, nil, testTimeout)
		close(c.read)
		c.drop(errOver)
		began := time.Now()
		c.shutDown(&Waits{Closing: time.Second, Drain: time.Second})
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
	})
}

// A server that is still sending when it hears our goodbye must not be answered with a reset.
func TestWhatIsStillSentIsTakenAtTheEnd(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		in, toUs := net.Pipe()
		out, fromUs := net.Pipe()
		stream := halves{in, out}
		c := NewConn(Link{Stream: stream, Raw: stream}, nil, testTimeout)
		var wg sync.WaitGroup
		wg.Go(func() { c.readAll(func([][]byte) {}); close(c.read) })
		c.drop(errOver)
		wg.Go(func() {
			io.Copy(io.Discard, fromUs) // until our goodbye
			time.Sleep(100 * time.Millisecond)
			if _, err := toUs.Write(u32(0)); err != nil {
				t.Errorf("the server cannot send to its end: %v", err)
			}
			toUs.Close()
		})
		c.shutDown(&Waits{Closing: time.Second, Drain: 300 * time.Millisecond})
		wg.Wait()
	})
}

func TestAStrandedConnectionSendsNothingAndIsStillRead(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		in, toUs := net.Pipe()
		out, fromUs := net.Pipe()
		defer fromUs.Close()
		stream := halves{in, out}
		c := NewConn(Link{Stream: stream, Raw: stream}, nil, testTimeout)
		c.queue = newSendQueue()
		var wg sync.WaitGroup
		wg.Go(c.keepAlive) // waits for the server, which does not read
		time.Sleep(time.Second)
		c.strand()
		wg.Wait()
		if err := c.sendRecords(u32(0)); err != ErrLeft {
			t.Errorf("a send ends with %v, want %v", err, ErrLeft)
		}
		if c.queue.append(ethernet(60, 'x')) {
			t.Error("the queue takes another frame")
		}
		got := 0
		wg.Go(func() { c.drop(c.readAll(func(f [][]byte) { got += len(f) })) })
		toUs.Write(join(u32(1, 60), ethernet(60, 'i')))
		toUs.Close()
		wg.Wait()
		if got != 1 || c.Err() != ErrServerClosed {
			t.Errorf("got %d frames, ended by %v; want 1 and %v", got, c.Err(), ErrServerClosed)
		}
		c.Stream.Close()
	})
}
