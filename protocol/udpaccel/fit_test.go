// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/frame"
)

// relay joins two sockets and loses packets longer than limit in both directions. It returns its ports.
func relay(t *testing.T, a, b uint16, limit *atomic.Int64) (nearA, nearB uint16) {
	t.Helper()
	var ends [2]*net.UDPConn
	for i := range ends {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = c
	}
	done := make(chan struct{}, 2)
	for i, port := range []uint16{b, a} {
		go func() {
			defer func() { done <- struct{}{} }()
			buf := make([]byte, 4096)
			for {
				n, err := ends[i].Read(buf)
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err == nil && n <= int(limit.Load()) {
					ends[1-i].WriteToUDP(buf[:n], &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)})
				}
			}
		}()
	}
	t.Cleanup(func() {
		for _, c := range ends {
			c.Close()
			<-done
		}
	})
	return portOf(ends[0]), portOf(ends[1])
}

// quickKeepAlives makes keep-alives frequent.
func quickKeepAlives(engines ...*Engine) {
	for i, e := range engines {
		e.health.pace.min, e.health.pace.max = time.Duration(100-40*i)*time.Millisecond, time.Duration(110-40*i)*time.Millisecond
	}
}

func TestPathFindsHowLongPacketsArrive(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit int
		size  int // that is found; 0: everything
	}{
		{"everything arrives", 4096, 0},
		{"fragments are lost", 1472, 1472},
		{"packets of 1500 bytes are lost", 1471, 1464},
		{"a tunnel is on the way", 1372, 1372},
		{"an odd one", 1300, 1252},
		{"hardly anything arrives", 600, 548},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ce, se := ends(t, 2)
			quickKeepAlives(ce, se)
			cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
			limit := new(atomic.Int64)
			limit.Store(int64(tt.limit))
			toServer, toClient := relay(t, portOf(cs), portOf(ss), limit)
			server := start(t, PathConfig{Engine: se, Conn: ss, Port: toClient})
			client, err := NewPath(PathConfig{Engine: ce, Conn: cs, Port: toServer, Start: time.Now(), Receive: func([][]byte) {}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { client.Close() })
			within(t, "an answer of the peer", func() bool { return ce.Alive(client.now()) })
			ce.health.stable.Store(int64(time.Second - stablePeriod))
			within(t, "the path to be measured", client.Usable)
			longest := frame.MaxLen
			if tt.size != 0 {
				longest = tt.size - ce.Size(0)
			}
			if got := client.Longest(); got != longest {
				t.Errorf("found that frames of %d bytes arrive, want %d", got, longest)
			}
			within(t, "the peer's frames to be kept away, or not", func() bool { return ce.muted.Load() == (tt.size != 0) })
			if err := client.Send(framesOf(ether(60), ether(longest))); err != nil {
				t.Errorf("a frame of %d bytes: %v", longest, err)
			}
			within(t, "the frames to arrive", func() bool { return server.Stats().ReceivedFrames == 2 })
			if tt.size == 0 {
				return
			}
			if err := client.Send(framesOf(ether(60), ether(longest+1))); !errors.Is(err, ErrTooLarge) {
				t.Errorf("a longer frame: %v", err)
			}
			if !client.Usable() {
				t.Error("a long frame ends the use of the path")
			}
		})
	}
}

// A path that is in use is looked at: it may lose long packets from one moment to the next, and carry them again.
func TestBlackHoleOnAMeasuredPathIsFound(t *testing.T) {
	ce, se := ends(t, 2)
	quickKeepAlives(ce, se)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	limit := new(atomic.Int64)
	limit.Store(4096)
	toServer, toClient := relay(t, portOf(cs), portOf(ss), limit)
	start(t, PathConfig{Engine: se, Conn: ss, Port: toClient})
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: toServer})
	mature(t, client)
	// Frames must not hide what becomes of the long packets.
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for f := framesOf(ether(60)); ; {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				client.Send(f)
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	limit.Store(1410)
	within(t, "the black hole to be found", func() bool { return client.Longest() < 1400 })
	if want := 1392 - ce.Size(0); client.Longest() != want {
		t.Errorf("longest frame %d, want %d", client.Longest(), want)
	}
	within(t, "the path to be usable", client.Usable) // a busy computer may have kept an answer waiting
	within(t, "the peer's frames to be kept away", ce.muted.Load)
	if rtt := ce.RTT(); rtt > time.Second {
		t.Errorf("the estimate of the round trip is %v", rtt)
	}
	limit.Store(4096)
	ce.sealing.Lock()
	client.fit.next = 0 // fitAgain later
	ce.sealing.Unlock()
	within(t, "the longer packets to be tried", func() bool { return client.Longest() == frame.MaxLen && !ce.muted.Load() })
}

func TestAnotherRouteIsMeasuredAnew(t *testing.T) {
	ce, se := ends(t, 2)
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss)})
	start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs)})
	mature(t, client)
	ce.sealing.Lock()
	client.fit.mtu-- // as an ICMP message would leave it
	ce.sealing.Unlock()
	client.measure()
	if client.Usable() {
		t.Error("what was known of another route is still believed")
	}
	within(t, "the route to be measured", client.Usable)
}
