// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
)

// An idle connection lives for an hour; a cut wire is noticed within 12 s and a bit.
func TestIdleThenCut(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		client, server := pair(t, weather{lose: 0.05, delay: 50 * time.Millisecond})
		client.SetReadDeadline(time.Now().Add(time.Hour))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("idle for an hour: %v", err)
		}
		for _, p := range []*pipe{client.carrier.(*pipe), server.carrier.(*pipe)} {
			p.set(func() { p.weather.lose = 1 })
		}
		client.SetReadDeadline(time.Time{})
		cut := time.Now()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, ErrSilent) || time.Since(cut) > 13*time.Second || time.Since(cut) < 5*time.Second {
			t.Errorf("a cut wire is noticed after %v: %v", time.Since(cut), err)
		}
		if _, err := client.Write([]byte("x")); !errors.Is(err, ErrSilent) {
			t.Errorf("Write: %v", err)
		}
	})
}

func TestDialNobodyThere(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*pipe)
		want error
		in   time.Duration
	}{
		{"silence", func(*pipe) {}, context.DeadlineExceeded, 5 * time.Second},
		{"sending fails", func(p *pipe) { p.sendErr = errTest }, errTest, 5 * time.Second},
		{"refused", func(p *pipe) { p.recvErr = errTest }, errTest, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				p, _ := newPipe(1, weather{})
				tt.do(p)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				began := time.Now()
				c, err := Dial(ctx, p, false)
				if c != nil || !errors.Is(err, tt.want) || time.Since(began) != tt.in {
					t.Errorf("after %v: %v, %v", time.Since(began), c, err)
				}
				if !p.closed {
					t.Error("the carrier is still open")
				}
			})
		})
	}
}

// One error of receiving is the network's opinion; a hundred in a row are a fact.
func TestReceivingFails(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		client, _ := pair(t, weather{})
		p := client.carrier.(*pipe)
		p.set(func() { p.recvErr = errTest })
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, errTest) {
			t.Errorf("Read: %v", err)
		}
	})
}

// A client that closes while the wire is cut does not wait for ever.
func TestCloseOnACutWire(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		client, _ := pair(t, weather{})
		p := client.carrier.(*pipe)
		p.set(func() { p.weather.lose = 1 })
		client.Write([]byte("lost"))
		began := time.Now()
		client.Close()
		if d := time.Since(began); d != linger {
			t.Errorf("Close takes %v, want %v", d, linger)
		}
	})
}
