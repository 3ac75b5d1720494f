// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"errors"
	"net"
	"testing"
	"time"
)

// relay joins two sockets and loses packets longer than limit in both directions. It returns its ports.
func relay(t *testing.T, a, b uint16, limit int) (nearA, nearB uint16) {
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
				if err == nil && n <= limit {
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

func TestPathFindsHowLongPacketsArrive(t *testing.T) {
	for _, tt := range []struct {
		name    string
		limit   int
		largest int  // frame that is sent
		narrow  bool // nothing is
	}{
		{"everything arrives", 4096, 1600, false},
		{"fragments are lost", 1472, 1300, false},
		{"long packets are lost", 1372, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ce, se := ends(t, 2)
			ce.health.pace.min, ce.health.pace.max = 100*time.Millisecond, 110*time.Millisecond
			se.health.pace.min, se.health.pace.max = 60*time.Millisecond, 70*time.Millisecond
			cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
			toServer, toClient := relay(t, portOf(cs), portOf(ss), tt.limit)
			server := start(t, PathConfig{Engine: se, Conn: ss, Port: toClient})
			client, err := NewPath(PathConfig{Engine: ce, Conn: cs, Port: toServer, Start: time.Now(), Receive: func([][]byte) {}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { client.Close() })
			within(t, "an answer of the peer", func() bool { return ce.Alive(client.now()) })
			ce.health.stable.Store(int64(time.Second - stablePeriod))
			if tt.narrow {
				within(t, "the path to be found too narrow", client.fit.narrow.Load)
				if client.Usable() {
					t.Error("a path that is too narrow is usable")
				}
				if !ce.muted.Load() {
					t.Error("the peer goes on to send its frames there")
				}
				return
			}
			within(t, "the path to be measured", client.Usable)
			if ce.muted.Load() || client.fit.narrow.Load() {
				t.Error("the peer's frames are kept away")
			}
			if err := client.Send(batchOf(ether(tt.largest))); err != nil {
				t.Errorf("a frame of %d bytes: %v", tt.largest, err)
			}
			within(t, "the frame to arrive", func() bool { return server.Stats().ReceivedFrames == 1 })
			if tt.largest == 1600 {
				return
			}
			if err := client.Send(batchOf(ether(60), ether(1514))); !errors.Is(err, ErrTooLarge) {
				t.Errorf("a frame that needs fragments: %v", err)
			}
			if err := client.Send(batchOf(ether(60))); !errors.Is(err, ErrTooLarge) {
				t.Errorf("a short frame overtakes a long one: %v", err)
			}
			within(t, "short frames to be sent again", func() bool { return client.Send(batchOf(ether(60))) == nil })
			if !client.Usable() {
				t.Error("a long frame ends the use of the path")
			}
		})
	}
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
