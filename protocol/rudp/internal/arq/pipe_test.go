// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// A pipe is one end of a wire in memory: a Carrier. What is sent at one end arrives
// at the other as the weather has it.
type pipe struct {
	peer *pipe
	head int // Headroom
	rng  *rand.Rand

	mu        sync.Mutex
	weather   weather
	inbox     [][]byte
	deadline  time.Time
	timer     *time.Timer
	wake      chan struct{}
	closed    bool
	sendErr   error
	recvErr   error
	confirmed int
	pulses    []time.Time
	pulse     time.Duration // pause between pulses; 0: none
}

func newPipe(seed uint64, w weather) (client, server *pipe) {
	client = &pipe{weather: w, wake: make(chan struct{}, 1), head: 20, rng: rand.New(rand.NewPCG(seed, 0))}
	server = &pipe{weather: w, wake: make(chan struct{}, 1), rng: rand.New(rand.NewPCG(seed, 1))}
	client.peer, server.peer = server, client
	return client, server
}

// listen accepts the first client and gives it to the channel.
func (p *pipe) listen(t *testing.T, masked bool) <-chan *Conn {
	accepted := make(chan *Conn, 1)
	go func() {
		defer close(accepted)
		for {
			b, err := p.Receive(make([]byte, 2048), true)
			if err != nil {
				return
			}
			if initial, ok := InitialKey(b); ok {
				accepted <- Accept(p, initial, masked)
				return
			}
		}
	}()
	return accepted
}

func (p *pipe) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *pipe) set(f func()) {
	p.mu.Lock()
	f()
	p.mu.Unlock()
	p.signal()
}

func (p *pipe) Headroom() int { return p.head }

func (p *pipe) Send(b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sendErr != nil {
		return p.sendErr
	}
	if p.rng.Float64() < p.weather.lose {
		return nil
	}
	copies := 1
	if p.rng.Float64() < p.weather.double {
		copies = 2
	}
	d := bytes.Clone(b[p.head:])
	for range copies {
		delay := p.weather.delay
		if p.rng.Float64() < p.weather.delayed {
			delay += time.Duration(p.rng.Int64N(int64(p.weather.jitter) + 1))
		}
		time.AfterFunc(delay, func() {
			p.peer.set(func() {
				if len(p.peer.inbox) < 1000 && !p.peer.closed {
					p.peer.inbox = append(p.peer.inbox, bytes.Clone(d))
				}
			})
		})
	}
	return nil
}

func (p *pipe) Receive(b []byte, wait bool) ([]byte, error) {
	for {
		p.mu.Lock()
		var d []byte
		var err error
		switch {
		case p.closed:
			err = net.ErrClosed
		case p.recvErr != nil:
			err = p.recvErr
		case len(p.inbox) > 0:
			d, p.inbox = p.inbox[0], p.inbox[1:]
		case !wait || !p.deadline.IsZero() && !time.Now().Before(p.deadline):
			err = os.ErrDeadlineExceeded
		}
		p.mu.Unlock()
		if err != nil || d != nil {
			return b[:copy(b, d)], err
		}
		<-p.wake
	}
}

func (p *pipe) SetReadDeadline(t time.Time) error {
	p.set(func() {
		p.deadline = t
		if p.timer != nil {
			p.timer.Stop()
		}
		if !t.IsZero() {
			p.timer = time.AfterFunc(time.Until(t), p.signal)
		}
	})
	return nil
}

func (p *pipe) Confirm() { p.set(func() { p.confirmed++ }) }

func (p *pipe) Pulse(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pulses = append(p.pulses, now)
	if p.pulse == 0 {
		return time.Time{}
	}
	return now.Add(p.pulse)
}

func (p *pipe) LocalAddr() net.Addr  { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }
func (p *pipe) RemoteAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 2} }

func (p *pipe) Close() error {
	p.set(func() {
		p.closed = true
		if p.timer != nil {
			p.timer.Stop()
		}
	})
	return nil
}

var errTest = errors.New("the test says no")
