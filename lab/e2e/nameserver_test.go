// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A nameServer is one on the Internet that takes down when it is asked.
type nameServer struct {
	mu    sync.Mutex
	asked []time.Time // since forget
}

// serveNames starts one at addr, which knows what the Internet knows, or is silent.
func (w *world) serveNames(addr netip.Addr, silent bool) *nameServer {
	w.t.Helper()
	s := new(nameServer)
	var conn net.PacketConn
	w.ok(w.Internet.Do(func() (err error) {
		// Listening before the address is there, as dnsmasq listens at every one that appears.
		l := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
			if cerr := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_FREEBIND, 1) }); cerr != nil {
				return cerr
			}
			return err
		}}
		conn, err = l.ListenPacket(w.ctx, "udp", netip.AddrPortFrom(addr, 53).String())
		return err
	}))
	w.ok(w.Internet.AddAddr("lo", plan.Single(addr)))
	w.t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.asked = append(s.asked, time.Now())
			s.mu.Unlock()
			if silent {
				continue
			}
			if answer, err := askFrom(w.Internet, b[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from) // who asked may be gone
			}
		}
	}()
	return s
}

// askFrom puts a question to a host's own name server.
func askFrom(h *netns.Host, question []byte) ([]byte, error) {
	var conn net.Conn
	err := h.Do(func() (err error) {
		conn, err = net.Dial("udp", "127.0.0.1:53")
		return err
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(question); err != nil {
		return nil, err
	}
	b := make([]byte, 1500)
	n, err := conn.Read(b)
	return b[:n], err
}

// times returns when it was asked.
func (s *nameServer) times() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *nameServer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = nil
}

// asksBeside fails the test unless the second name server was asked, and well before the first one was given up. That may
// have been asked before, by a look-up that nobody needed any more.
func (w *world) asksBeside(dead, well *nameServer) {
	w.t.Helper()
	const givenUp = 5 * time.Second // by Go's resolver, and others
	asked, answered := dead.times(), well.times()
	var gap time.Duration
	for _, at := range asked {
		if len(answered) > 0 && at.Before(answered[0]) {
			gap = answered[0].Sub(at)
		}
	}
	if len(asked) == 0 || len(answered) == 0 || gap >= givenUp-time.Second {
		w.t.Errorf("the dead name server was asked %d times, the other one %d times, at first %v after the dead one", len(asked), len(answered), gap)
	} else {
		w.t.Logf("the second name server was asked %v after the first", gap)
	}
	dead.forget()
	well.forget()
}
