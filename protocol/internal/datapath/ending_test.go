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
