// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A nameServer is one on the Internet that takes down when it is asked for the first time since forget.
type nameServer struct {
	mu    sync.Mutex
	asked time.Time // zero: not yet
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
			if s.asked.IsZero() {
				s.asked = time.Now()
			}
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

func (s *nameServer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = time.Time{}
}

// wasAsked returns when, false if it was not.
func (s *nameServer) wasAsked() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, !s.asked.IsZero()
}

// asksBeside fails the test unless both name servers have been asked, the second one well before the first was given up.
func (w *world) asksBeside(dead, well *nameServer) {
	w.t.Helper()
	first, asked := dead.wasAsked()
	second, answered := well.wasAsked()
	const givenUp = 5 * time.Second // by Go's resolver, and others
	if gap := second.Sub(first); !asked || !answered || gap >= givenUp-time.Second {
		w.t.Errorf("the dead name server was asked: %v, the other one: %v, %v later", asked, answered, gap)
	} else {
		w.t.Logf("the second name server was asked %v after the first", gap)
	}
	dead.forget()
	well.forget()
}
