// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

func TestFramesGoOverUDPOnceItWorksAndOverTCPWhenItDies(t *testing.T) {
	eachVersion(t, func(t *testing.T, server Option) {
		for version, mode := range map[int]protocol.UDPMode{1: protocol.UDPV1, 2: protocol.UDPYes} {
			t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
				t.Parallel()
				handler, tcp := overTCP()
				grant, udp := overUDP(version, nil)
				srv := start(t, server, handler, grant)
				cfg := alice(srv)
				cfg.UDP = mode
				s := dial(t, cfg)
				got := collect(s)
				sess := theSession(t, srv)
				var n uint32
				sendUntil(t, s, &n, udp)
				tried := n // some of these are still on their way
				for range 20 {
					n++
					if err := s.Send(batch(numbered(1000, n))); err != nil {
						t.Fatal(err)
					}
					v := next(t, udp, "a frame over UDP")
					for v <= tried {
						v = next(t, udp, "a frame over UDP")
					}
					if v != n {
						t.Fatalf("frame %d arrived, sent was %d", v, n)
					}
				}
				for len(tcp) > 0 {
					if v := <-tcp; v > tried {
						t.Errorf("frame %d went over TCP", v)
					}
				}
				for ctx := within(t); !sess.UDPUsable() && ctx.Err() == nil; time.Sleep(time.Millisecond) {
				}
				if err := sess.WriteFrames([][]byte{numbered(1514, 77)}); err != nil {
					t.Fatal(err)
				}
				if f := next(t, got, "the server's frame"); number(f) != 77 || len(f) != 1514 {
					t.Errorf("frame %d of %d bytes", number(f), len(f))
				}
				if st := sess.Stats(); st.FramesOutUDP != 1 {
					t.Errorf("the server sent %d frames over UDP, want 1", st.FramesOutUDP)
				}

				sess.CutUDP()
				died := time.Now()
				sendUntil(t, s, &n, tcp)
				// A second or so, which udpaccel's tests measure by a clock of their own.
				if took := time.Since(died); took > 30*time.Second {
					t.Errorf("TCP took over after %v", took)
				}
			})
		}
	})
}

func TestUDPCarriesFramesWhileTCPIsLost(t *testing.T) {
	t.Parallel()
	handler, _ := overTCP()
	grant, udp := overUDP(2, nil)
	srv := start(t, handler, grant)
	s := accelerated(t, srv)
	var n uint32
	sendUntil(t, s, &n, udp)
	srv.Set(WithFault(StepAttach, func(x *Exchange) bool { <-x.Done; return false }))
	sess := theSession(t, srv)
	sess.Cut(Polite)
	if err := sess.WaitConns(within(t), 0); err != nil {
		t.Fatal(err)
	}
	drain(udp)
	sendUntil(t, s, &n, udp)
}

func TestUnusableGrantLeavesTheSessionOnTCP(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version int
		fault   Fault
	}{
		{"version 1", 1, nil},
		{"a version not offered", 2, SetInt("udp_acceleration_version", 3)},
		{"plain", 2, SetInt("udp_acceleration_use_encryption", 0)},
		{"port 0", 2, SetInt("udp_acceleration_server_port", 0)},
		{"port 65536", 2, SetInt("udp_acceleration_server_port", 65536)},
		{"no cookie", 2, SetInt("udp_acceleration_client_cookie", 0)},
		{"short key", 2, SetData("udp_acceleration_server_key_v2", make([]byte, 31))},
		{"long key", 2, SetData("udp_acceleration_server_key_v2", make([]byte, 129))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			handler, tcp := overTCP()
			grant, _ := overUDP(tt.version, nil)
			srv := start(t, handler, grant, WithFault(StepLogin, tt.fault))
			s := accelerated(t, srv)
			var n uint32
			sendUntil(t, s, &n, tcp)
			if in := theSession(t, srv).Stats().FramesInUDP; in > 0 {
				t.Errorf("%d frames came over UDP", in)
			}
		})
	}
}

// kept keeps the sockets for UDP, or all of them.
type kept struct {
	net.Dialer
	all   bool
	conns []net.Conn
}

func (d *kept) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if (d.all || network == "udp") && err == nil {
		d.conns = append(d.conns, conn)
	}
	return conn, err
}

func TestTheSocketOfARefusedOfferIsClosed(t *testing.T) {
	grant, _ := overUDP(2, nil)
	for name, options := range map[string][]Option{
		"the server has no UDP":    nil,
		"its grant is of no use":   {grant, WithFault(StepLogin, SetInt("udp_acceleration_server_port", 0))},
		"the login itself refused": {grant, WithFault(StepLogin, Refuse(uint32(protocol.CodeHubStopping)))},
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, options...)
			cfg, sockets := alice(srv), new(kept)
			cfg.UDP, cfg.Dialer = protocol.UDPYes, sockets
			if s, err := protocol.Dial(within(t), cfg); err == nil {
				t.Cleanup(func() { leaktest.Ends(t, "closing the session", func() { s.Close() }) })
			}
			if len(sockets.conns) == 0 {
				t.Fatal("no socket was opened for UDP")
			}
			for _, c := range sockets.conns {
				if err := c.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
					t.Errorf("a socket is still open (%v)", err)
				}
			}
		})
	}
}

func TestAClosedSessionHasNoSocketLeft(t *testing.T) {
	for name, begin := range map[string]func(*protocol.Session){
		"started":       func(s *protocol.Session) { collect(s) },
		"never started": func(*protocol.Session) {},
	} {
		t.Run(name, func(t *testing.T) {
			grant, _ := overUDP(2, nil)
			cfg, sockets := alice(start(t, grant)), &kept{all: true}
			cfg.UDP, cfg.Dialer = protocol.UDPYes, sockets
			s := dial(t, cfg)
			begin(s)
			s.Close()
			for _, c := range sockets.conns {
				if err := c.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
					t.Errorf("a socket to %v is still open (%v)", c.RemoteAddr(), err)
				}
			}
			if len(sockets.conns) != 2 {
				t.Errorf("%d sockets were opened, want 2", len(sockets.conns))
			}
		})
	}
}

// TestServersPortBehindANATIsLearned: the port in the welcome leads nowhere.
func TestServersPortBehindANATIsLearned(t *testing.T) {
	eachVersion(t, func(t *testing.T, server Option) {
		t.Parallel()
		closed, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer closed.Close() // bound, and silent, so that nobody else gets the port
		port := uint32(closed.LocalAddr().(*net.UDPAddr).Port)
		grant, udp := overUDP(2, func(u *UDP) { u.Announce = true })
		srv := start(t, server, grant, WithFault(StepLogin, SetInt("udp_acceleration_server_port", port)))
		s := accelerated(t, srv)
		var n uint32
		sendUntil(t, s, &n, udp)
	})
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
			sess := theSession(t, srv)
			if got := sess.Login().Int("use_udp_acceleration"); got != tt.want {
				t.Errorf("use_udp_acceleration is %d, want %d", got, tt.want)
			}
		})
	}
}
