// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	. "network-manager-softether/protocol/softethertest"
)

func TestEveryNumberOfConnectionsCarriesFrames(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, server Option) {
		for _, half := range []bool{false, true} {
			for _, n := range []int{1, 2, 3, 8} {
				t.Run(fmt.Sprint(n, " half ", half), func(t *testing.T) {
					srv := start(t, server, WithHandler(Echo))
					cfg := many(srv, n)
					cfg.HalfDuplex = half
					s, theirs := whole(t, srv, cfg)
					got := collect(s)
					echoes(t, s, got)
					i := s.Info()
					if i.MaxConnections != n || i.HalfDuplex != (half && n > 1) {
						t.Errorf("granted %d, half-duplex %v", i.MaxConnections, i.HalfDuplex)
					}
					count := map[uint32]int{}
					for _, d := range theirs.Directions() {
						count[d]++
					}
					if half && n > 1 && (count[0] > 0 || count[1]-count[2] > 1 || count[2]-count[1] > 1) {
						t.Errorf("directions %v", count)
					}
					s.Close()
					for i := range srv.Records() {
						waitEnd(t, srv, i, EndPolite)
					}
				})
			}
		}
	})
}

func TestCompressedSessions(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, server Option) {
		for _, n := range []int{1, 4} {
			srv := start(t, server, WithHandler(Echo))
			cfg := many(srv, n)
			cfg.Compression = true
			s, _ := whole(t, srv, cfg)
			got := collect(s)
			for i := range 20 {
				echoes(t, s, got)
				if !s.Info().Compression {
					t.Fatalf("round %d: no compression was granted", i)
				}
			}
		}
	})
}

func TestThirtyTwoConnections(t *testing.T) {
	srv := start(t, WithHandler(Echo))
	cfg := many(srv, 32)
	s, _ := whole(t, srv, cfg)
	echoes(t, s, collect(s))
	if n := s.Info().MaxConnections; n != 32 {
		t.Errorf("granted %d, want 32", n)
	}
}

func TestTheServerMayGrantFewer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		srv, cfg := inMemory(t, WithHandler(Echo), WithHub(Hub{Name: "TEST", Users: []User{
			{Name: "anon", Anonymous: true, Policy: map[string]uint32{"MaxConnection": 3}},
		}}))
		cfg.MaxConnections = 8
		s := dial(t, cfg)
		frames := collect(s)
		time.Sleep(time.Minute) // and no more are opened
		if n := len(srv.Records()); n != 3 || s.Connections() != 3 || s.Info().MaxConnections != 3 {
			t.Errorf("%d connections were opened, %d live, %d granted, want 3", n, s.Connections(), s.Info().MaxConnections)
		}
		echoes(t, s, frames)
	})
}

func TestConnectionsAreOpenedOnePerInterval(t *testing.T) {
	for _, half := range []bool{false, true} {
		for _, interval := range []time.Duration{0, 1500 * time.Millisecond, time.Minute} {
			bubbletest.Run(t, func(t *testing.T) {
				_, cfg := inMemory(t)
				cfg.MaxConnections, cfg.HalfDuplex, cfg.ConnectionInterval = 4, half, interval
				s := dial(t, cfg)
				s.Start(func([][]byte) {})
				began, had := time.Now(), 1
				for n := 1; n < 4; time.Sleep(50 * time.Millisecond) {
					synctest.Wait()
					if n = s.Connections(); n == had {
						continue
					}
					// A half-duplex session can do nothing with one.
					want := time.Duration(had) * max(interval, time.Second)
					if half {
						want -= max(interval, time.Second)
					}
					if took := time.Since(began); n != had+1 || took < want || took > want+100*time.Millisecond {
						t.Errorf("half %v, interval %v: %d connections after %v, want %d after %v", half, interval, n, took, had+1, want)
					}
					had = n
				}
			})
		}
	}
}

func TestLostConnectionsAreReplacedWhileTheOthersGoOn(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, server Option) {
		for _, half := range []bool{false, true} {
			for name, how := range map[string]Cut{"polite": Polite, "abrupt": Abrupt, "reset": RST} {
				t.Run(fmt.Sprint(name, " half ", half), func(t *testing.T) {
					srv := start(t, server, WithHandler(Echo))
					cfg := many(srv, 4)
					cfg.HalfDuplex = half
					events := watch(cfg)
					s, theirs := whole(t, srv, cfg)
					got := collect(s)
					for i := range 4 {
						theirs.CutOne(i%4, how)
						echoes(t, s, got)
						if err := theirs.WaitConns(within(t), 4); err != nil {
							t.Fatal(err)
						}
					}
					if len(events) > 0 {
						t.Errorf("event %#v, though there was always a connection", <-events)
					}
					if len(srv.Logins()) != 1 {
						t.Errorf("%d logins, want 1", len(srv.Logins()))
					}
				})
			}
		}
	})
}

func TestConnectionsAreReplacedAtTheEndOfTheirLifetime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n    int
		half bool
	}{{1, false}, {3, false}, {2, true}, {4, true}} {
		t.Run(fmt.Sprint(tt.n, " half ", tt.half), func(t *testing.T) {
			srv := start(t, WithHandler(Echo))
			cfg := many(srv, tt.n)
			cfg.HalfDuplex, cfg.ConnectionLifetime = tt.half, 300*time.Millisecond
			events := watch(cfg)
			s, server := whole(t, srv, cfg)
			got := collect(s)
			for ctx := within(t); len(srv.Records()) < 3*tt.n && ctx.Err() == nil; {
				echoes(t, s, got)
				if n := server.Conns(); n > tt.n+1 {
					t.Fatalf("%d connections, granted were %d", n, tt.n)
				}
			}
			if n := len(srv.Records()); n < 3*tt.n {
				t.Errorf("only %d connections were opened", n)
			}
			for i := range tt.n {
				waitEnd(t, srv, i, EndPolite)
			}
			if len(events) > 0 || len(srv.Logins()) != 1 {
				t.Errorf("%d events, %d logins", len(events), len(srv.Logins()))
			}
		})
	}
}
