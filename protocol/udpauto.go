// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/internal/datapath"
)

// How [UDPAuto] decides. On a clean network TCP is the faster way: a datagram costs the server more than a
// segment does. Where packets are lost, TCP holds up everything behind a lost one for a round trip, other
// flows included; UDP does not.
//
// Loss shows in TCP's own counters. While UDP carries the frames they show nothing, so now and then TCP is
// given another trial, less often each time it fails.
const (
	autoInterval = time.Second          // between looks at the counters
	autoStale    = 10 * time.Second     // older counts say nothing about the present
	autoSegments = 200                  // with fewer, a rate means nothing
	autoRTT      = 5 * time.Millisecond // below, TCP recovers from a loss soon enough
	autoTimes    = 3                    // bad looks in a row before UDP is used; the start of a flow can cause one or two
	autoTrial    = time.Minute          // a trial of TCP has failed if it turns bad within this time
	autoHoldMin  = 5 * time.Minute      // of UDP, before the first trial
	autoHoldMax  = time.Hour
)

// tcpCount is what TCP has counted since a connection began, in segments, and its shortest round trip.
type tcpCount struct {
	sent, resent         uint32
	received, disordered uint32
	rtt                  time.Duration
}

// lossy reports whether TCP lost enough of n to be called bad: half a percent of what we sent, or so much of
// what the server sent that one segment in twenty came out of order. Each lost segment puts many behind it
// out of order.
func (n tcpCount) lossy() bool {
	if n.rtt < autoRTT {
		return false
	}
	return n.resent >= 2 && n.resent >= n.sent/200 && n.sent >= autoSegments ||
		n.disordered >= 10 && n.disordered >= n.received/20 && n.received >= autoSegments
}

// autoState is what a decision depends on. Times count from the start of the session.
type autoState struct {
	udp   bool
	bad   int           // bad looks in a row
	from  time.Duration // when udp last changed
	hold  time.Duration // how long to stay with UDP
	last  tcpCount
	taken time.Duration // when last was
}

// step returns the state after a look at the counters.
func (s autoState) step(now time.Duration, n tcpCount) autoState {
	if s.udp {
		if now-s.from < s.hold {
			return s
		}
		return autoState{from: now, hold: s.hold, last: n, taken: now}
	}
	d := tcpCount{n.sent - s.last.sent, n.resent - s.last.resent, n.received - s.last.received, n.disordered - s.last.disordered, n.rtt}
	restarted := n.sent < s.last.sent || n.received < s.last.received
	switch {
	case restarted || now-s.taken > autoStale:
		s.bad = 0
	case d.sent < autoSegments && d.received < autoSegments:
		return s // go on counting
	case d.lossy():
		s.bad++
	default:
		s.bad = 0
	}
	s.last, s.taken = n, now
	if s.bad < autoTimes {
		return s
	}
	hold := autoHoldMin
	if s.hold > 0 && now-s.from < autoTrial {
		hold = min(2*s.hold, autoHoldMax)
	}
	return autoState{udp: true, from: now, hold: hold}
}

// autoJudge applies the decision to living connections. It is safe for concurrent use.
type autoJudge struct {
	on   atomic.Bool
	next atomic.Int64 // when to look again, since the session began

	looking sync.Mutex // guards state
	state   autoState
}

// decide reports whether UDP is to be used now.
func (j *autoJudge) decide(now time.Duration, conns []*datapath.Conn) bool {
	if next := j.next.Load(); int64(now) >= next && j.next.CompareAndSwap(next, int64(now+autoInterval)) {
		j.looking.Lock()
		j.state = j.state.step(now, countTCP(conns))
		j.on.Store(j.state.udp)
		j.looking.Unlock()
	}
	return j.on.Load()
}

// countTCP adds up the kernel's counters of conns (tcp(7), TCP_INFO).
func countTCP(conns []*datapath.Conn) (n tcpCount) {
	for _, c := range conns {
		tcp, ok := c.Raw.(*net.TCPConn)
		if !ok {
			continue
		}
		raw, err := tcp.SyscallConn()
		if err != nil {
			continue
		}
		raw.Control(func(fd uintptr) {
			var i unix.TCPInfo
			size := uint32(unsafe.Sizeof(i))
			// Not announced to the scheduler, like the system calls of a wire: in an idle session, which
			// answers the hub once a second, each call would wake up the scheduler's monitor thread.
			_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, fd, unix.IPPROTO_TCP, unix.TCP_INFO,
				uintptr(unsafe.Pointer(&i)), uintptr(unsafe.Pointer(&size)), 0)
			if errno != 0 {
				return
			}
			n.sent += i.Data_segs_out
			n.resent += i.Total_retrans
			n.received += i.Data_segs_in
			n.disordered += i.Rcv_ooopack
			if rtt := time.Duration(i.Min_rtt) * time.Microsecond; n.rtt == 0 || rtt < n.rtt {
				n.rtt = rtt
			}
		})
	}
	return n
}
