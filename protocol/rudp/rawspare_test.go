// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/rudp/internal/icmpwire"
)

// A session that moves leaves one of the sockets each time. It must get that again before it takes one away that is in use.
func TestARawSocketThatIsGivenBackIsTakenNext(t *testing.T) {
	r := new(rawSockets)
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for _, s := range r.all {
		if hears := filter(t, s); hears != 0 {
			t.Errorf("a socket that nobody has used yet hears ICMP messages %#x", hears)
		}
	}
	take := func() *socket {
		s, err := r.take(nil, netip.MustParseAddr("127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	var used []*socket
	for range rawSpare {
		used = append(used, take())
	}
	newest := r.all[rawSpare-1]
	for range 3 {
		used[rawSpare-1].Close()
		used[rawSpare-1].Close() // once more, as it may be closed from two sides
		if hears := filter(t, newest); hears != 0 {
			t.Errorf("a socket that nobody uses hears ICMP messages %#x", hears)
		}
		used[rawSpare-1] = take()
	}
	if hears := filter(t, newest); hears != 1<<icmpwire.EchoReply|1<<icmpwire.InfoReply {
		t.Errorf("a socket in use hears ICMP messages %#x", hears)
	}
	for i, s := range used {
		if err := s.conn.SetDeadline(time.Time{}); errors.Is(err, net.ErrClosed) {
			t.Errorf("socket %d was taken away, though there was a free one", i)
		}
	}
	take() // now there is none
	if err := used[0].conn.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the oldest socket is still in use (%v)", err)
	}
	// Whoever has lost a socket gives nothing back: it is somebody else's now.
	used[0].Close()
	for i, s := range r.all {
		if s.free {
			t.Errorf("socket %d is free", i)
		}
	}
}

// filter returns the kinds of ICMP messages that the kernel passes on to s, one bit each.
func filter(t *testing.T, s *rawSocket) (passes uint32) {
	t.Helper()
	raw, err := s.file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const icmpFilter = 1
	raw.Control(func(fd uintptr) {
		var blocks int
		if blocks, err = unix.GetsockoptInt(int(fd), unix.SOL_RAW, icmpFilter); err == nil {
			passes = ^uint32(blocks)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return passes
}
