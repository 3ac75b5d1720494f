// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"network-manager-softether/protocol"
	"network-manager-softether/protocol/frame"
	"network-manager-softether/protocol/pack"
	. "network-manager-softether/protocol/softethertest"
	"network-manager-softether/protocol/udpaccel"
)

// udpServer is the UDP side that a test gives to the server.
type udpServer struct {
	path *udpaccel.Path
	got  chan uint32 // numbers of the frames received over UDP
}

// number returns what numbered has put into a frame.
func number(f []byte) uint32 { return binary.BigEndian.Uint32(f[frame.HeaderLen:]) }

// grantUDP makes srv grant what a login offers. change may spoil the welcome.
func grantUDP(t *testing.T, srv *Server, version int, change func(p *pack.Pack)) <-chan *udpServer {
	t.Helper()
	made := make(chan *udpServer, 1)
	srv.Set(WithFault(StepLogin, func(x *Exchange) bool {
		key1, key2 := bytes.Repeat([]byte{1}, 20), bytes.Repeat([]byte{2}, 128)
		params := udpaccel.Params{Version: version, SendCookie: 7, RecvCookie: 8, Fast: true, Stable: time.Millisecond,
			SendKey: key2, RecvKey: x.Login.Data("udp_acceleration_client_key_v2")}
		if version == 1 {
			params.SendKey, params.RecvKey = key1, x.Login.Data("udp_acceleration_client_key")
		}
		engine, err := udpaccel.NewEngine(params)
		if err != nil {
			t.Error(err)
			return false
		}
		client := int(x.Login.Int("udp_acceleration_client_port"))
		server := net.UDPAddrFromAddrPort(netip.AddrPortFrom(srv.AddrPort().Addr(), 0))
		conn, err := net.DialUDP("udp", server, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: client})
		if err != nil {
			t.Error(err)
			return false
		}
		p := x.Reply
		p.AddBool("use_udp_acceleration", true)
		p.AddInt("udp_acceleration_version", uint32(version))
		p.AddInt("udp_acceleration_server_port", uint32(conn.LocalAddr().(*net.UDPAddr).Port))
		p.AddData("udp_acceleration_server_key", key1)
		p.AddData("udp_acceleration_server_key_v2", key2)
		p.AddInt("udp_acceleration_server_cookie", 8)
		p.AddInt("udp_acceleration_client_cookie", 7)
		p.AddBool("udp_acceleration_use_encryption", true)
		p.AddBool("udp_accel_fast_disconnect_detect", true)
		if change != nil {
			change(p)
		}
		u := &udpServer{got: make(chan uint32, 1024)}
		u.path, err = udpaccel.NewPath(udpaccel.PathConfig{Engine: engine, Conn: conn, Port: uint16(client), Start: time.Now(),
			Receive: func(frames [][]byte) {
				for _, f := range frames {
					u.got <- number(f)
				}
			}})
		if err != nil {
			t.Error(err)
			return false
		}
		t.Cleanup(func() { u.path.Close() })
		made <- u
		return true
	}))
	return made
}

// overTCP makes a handler that tells the numbers of the frames it gets.
func overTCP() (Option, <-chan uint32) {
	got := make(chan uint32, 1024)
	return WithHandler(func(s *ServerSession) {
		for {
			frames, err := s.ReadFrames()
			if err != nil {
				return
			}
			for _, f := range frames {
				got <- number(f)
			}
		}
	}), got
}

// sendUntil sends numbered frames until one arrives in got, whose number it returns.
func sendUntil(t *testing.T, s *protocol.Session, n *uint32, got <-chan uint32) uint32 {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := within(t).Done(); ; {
		select {
		case v := <-got:
			return v
		case <-tick.C:
			*n++
			if err := s.Send(batch(numbered(100, *n))); err != nil {
				t.Fatal(err)
			}
		case <-end:
			t.Fatalf("no frame arrives, %d sent", *n)
		}
	}
}

func drain(c <-chan uint32) {
	for len(c) > 0 {
		<-c
	}
}

func TestFramesGoOverUDPOnceItWorksAndOverTCPWhenItDies(t *testing.T) {
	for version, mode := range map[int]protocol.UDPMode{1: protocol.UDPV1, 2: protocol.UDPYes} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			t.Parallel()
			handler, tcp := overTCP()
			srv := start(t, handler)
			made := grantUDP(t, srv, version, nil)
			cfg := alice(srv)
			cfg.UDP = mode
			s := dial(t, cfg)
			got := collect(s)
			u := <-made
			var n uint32
			sendUntil(t, s, &n, u.got)
			drain(tcp)
			drain(u.got)
			for range 20 {
				n++
				if err := s.Send(batch(numbered(1000, n))); err != nil {
					t.Fatal(err)
				}
				if v := <-u.got; v != n {
					t.Fatalf("frame %d arrived, sent was %d", v, n)
				}
			}
			if len(tcp) > 0 {
				t.Errorf("%d frames went over TCP", len(tcp))
			}
			if err := u.path.Send(batch(numbered(1514, 77))); err != nil {
				t.Fatal(err)
			}
			select {
			case f := <-got:
				if number(f) != 77 || len(f) != 1514 {
					t.Errorf("frame %d of %d bytes", number(f), len(f))
				}
			case <-within(t).Done():
				t.Error("no frame from the server over UDP")
			}

			u.path.Close()
			died := time.Now()
			sendUntil(t, s, &n, tcp)
			if took := time.Since(died); took > 1500*time.Millisecond {
				t.Errorf("TCP took over after %v", took)
			}
		})
	}
}

func TestUDPCarriesFramesWhileTCPIsLost(t *testing.T) {
	t.Parallel()
	handler, _ := overTCP()
	srv := start(t, handler)
	made := grantUDP(t, srv, 2, nil)
	cfg := alice(srv)
	cfg.UDP = protocol.UDPYes
	s := dial(t, cfg)
	collect(s)
	u := <-made
	var n uint32
	sendUntil(t, s, &n, u.got)
	srv.Set(WithFault(StepAttach, func(x *Exchange) bool { <-x.Done; return false }))
	sess, err := srv.Session(within(t))
	if err != nil {
		t.Fatal(err)
	}
	sess.Cut(Polite)
	if err := sess.WaitConns(within(t), 0); err != nil {
		t.Fatal(err)
	}
	drain(u.got)
	sendUntil(t, s, &n, u.got)
}

func TestUnusableGrantLeavesTheSessionOnTCP(t *testing.T) {
	for name, change := range map[string]func(p *pack.Pack){
		"version 1": nil,
		"plain":     func(p *pack.Pack) { *p = *rewrite(p, "udp_acceleration_use_encryption", 0) },
		"port 0":    func(p *pack.Pack) { *p = *rewrite(p, "udp_acceleration_server_port", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			version := 2
			if change == nil {
				version = 1
			}
			handler, tcp := overTCP()
			srv := start(t, handler)
			made := grantUDP(t, srv, version, change)
			cfg := alice(srv)
			cfg.UDP = protocol.UDPYes
			s := dial(t, cfg)
			collect(s)
			<-made
			var n uint32
			sendUntil(t, s, &n, tcp)
		})
	}
}

// rewrite returns p with another number for name.
func rewrite(p *pack.Pack, name string, v uint32) *pack.Pack {
	q := new(pack.Pack)
	for _, n := range p.Names() {
		switch {
		case n == name:
			q.AddInt(n, v)
		case p.Data(n) != nil:
			q.AddData(n, p.Data(n))
		case p.Str(n) != "":
			q.AddStr(n, p.Str(n))
		default:
			q.AddInt(n, p.Int(n))
		}
	}
	return q
}

// tcpOnly is a dialer that has no UDP.
type tcpOnly struct{ net.Dialer }

func (d *tcpOnly) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" {
		return nil, errors.New("only TCP here")
	}
	return d.Dialer.DialContext(ctx, network, address)
}

func TestLoginOffersUDPOnlyWhereItCanBe(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(cfg *protocol.Config)
		want   uint32
	}{
		{"off", func(*protocol.Config) {}, 0},
		{"yes", func(cfg *protocol.Config) { cfg.UDP = protocol.UDPYes }, 1},
		{"auto", func(cfg *protocol.Config) { cfg.UDP = protocol.UDPAuto }, 1},
		{"no UDP here", func(cfg *protocol.Config) { cfg.UDP, cfg.Dialer = protocol.UDPYes, new(tcpOnly) }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t)
			cfg := alice(srv)
			tt.change(cfg)
			dial(t, cfg)
			sess, err := srv.Session(within(t))
			if err != nil {
				t.Fatal(err)
			}
			if got := sess.Login().Int("use_udp_acceleration"); got != tt.want {
				t.Errorf("use_udp_acceleration is %d, want %d", got, tt.want)
			}
		})
	}
}
