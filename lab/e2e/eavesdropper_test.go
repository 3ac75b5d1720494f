// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/internal/inetsum"
	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// bystander is a computer in the desktop's local network, in whose name datagrams are sent again, and its card.
var (
	bystander    = netip.MustParseAddr("10.81.0.66")
	bystanderMAC = "02:00:00:00:00:66"
)

// An eavesdropper sits on the line between desktop and Internet. It keeps the datagrams between the desktop and the VPN
// server, each when it has passed, and sends them again.
type eavesdropper struct {
	toDesktop, toServer *ear
	stop                chan struct{}
	ears                sync.WaitGroup
}

// An ear hears one direction, at the end of the line where it leaves.
type ear struct {
	socket *netns.Capture
	fail   error
	strays atomic.Int64 // datagrams for the bystander, which come from this end
	again  atomic.Int64 // datagrams sent again

	mu   sync.Mutex
	kept [][]byte
}

// keepMost is how many datagrams are kept in each direction: the very first, and those of a second or so.
const keepMost = 1000

// eavesdrop begins to keep what passes.
func (w *world) eavesdrop() *eavesdropper {
	w.t.Helper()
	isp, near, far := w.Line.Between()
	e := &eavesdropper{stop: make(chan struct{})}
	for device, to := range map[string]**ear{near: &e.toDesktop, far: &e.toServer} {
		socket, err := isp.NewCapture(device, 64<<20, 100*time.Millisecond, false)
		w.ok(err)
		*to = &ear{socket: socket}
		e.ears.Go(func() { (*to).listen(e.stop) })
	}
	w.t.Cleanup(func() {
		close(e.stop)
		e.ears.Wait()
		w.ok(errors.Join(e.toDesktop.socket.Close(), e.toServer.socket.Close(), e.toDesktop.fail, e.toServer.fail))
	})
	return e
}

func (e *ear) listen(stop <-chan struct{}) {
	buf := make([]byte, 1<<16)
	for {
		select {
		case <-stop:
			return
		default:
		}
		n, from, err := unix.Recvfrom(e.socket.FD, buf, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			e.fail = fmt.Errorf("eavesdropping: %w", err)
			return
		}
		f := buf[:n]
		l3, l4, proto, fragment, err := lab.Layers(f)
		if err != nil || f[l3]>>4 != 4 || proto != unix.IPPROTO_UDP || fragment || n < l4+8 {
			continue
		}
		src, dst := netip.AddrFrom4([4]byte(f[l3+12:l3+16])), netip.AddrFrom4([4]byte(f[l3+16:l3+20]))
		if from.(*unix.SockaddrLinklayer).Pkttype != unix.PACKET_OUTGOING {
			if dst == bystander {
				e.strays.Add(1)
			}
			continue
		}
		names := func(at int) bool { return binary.BigEndian.Uint16(f[at:]) == 53 }
		if src != plan.ServerAddr && dst != plan.ServerAddr || names(l4) || names(l4+2) {
			continue
		}
		e.mu.Lock()
		count := len(e.kept)
		full := count >= keepMost
		if !full {
			e.kept = append(e.kept, slices.Clone(f))
		}
		e.mu.Unlock()
		if full {
			continue
		}
		e.send(f) // at once, and some of them many times
		if count%8 == 0 {
			for range 20 {
				e.send(f)
			}
		}
	}
}

func (e *ear) send(f []byte) {
	if _, err := unix.Write(e.socket.FD, f); err == nil {
		e.again.Add(1)
	}
}

func (e *ear) heard() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.kept)
}

// forget makes the eavesdropper keep what passes from now on.
func (e *eavesdropper) forget() {
	for _, one := range []*ear{e.toDesktop, e.toServer} {
		one.mu.Lock()
		one.kept = nil
		one.mu.Unlock()
	}
}

// replay sends everything that was kept again, in all the ways that may make a difference.
func (e *ear) replay() {
	e.mu.Lock()
	kept := slices.Clone(e.kept)
	e.mu.Unlock()
	r := rand.New(rand.NewPCG(8, 9))
	ways := []func(f []byte, l4 int) []byte{
		func(f []byte, _ int) []byte { return f },
		func(f []byte, l4 int) []byte { // a bit is another one
			f[l4+8+r.IntN(len(f)-l4-8)] ^= 1 << r.IntN(8)
			return f
		},
		func(f []byte, l4 int) []byte { return f[:l4+8+r.IntN(len(f)-l4-8)] }, // cut off
		func(f []byte, l4 int) []byte { // from another computer
			copy(f[14+12:], bystander.AsSlice())
			binary.BigEndian.PutUint16(f[l4:], 4500)
			return f
		},
		func(f []byte, l4 int) []byte { // from another port, as behind a NAT that has forgotten the flow
			binary.BigEndian.PutUint16(f[l4:], binary.BigEndian.Uint16(f[l4:])^1)
			return f
		},
	}
	for _, way := range ways {
		for i, f := range slices.Backward(kept) { // the last first
			l3, l4, _, _, _ := lab.Layers(f) // which listen has checked
			f = f[:min(len(f), l3+int(binary.BigEndian.Uint16(f[l3+2:])))]
			if len(f) == l4+8 {
				continue
			}
			f = way(slices.Clone(f), l4)
			binary.BigEndian.PutUint16(f[l3+2:], uint16(len(f)-l3))
			binary.BigEndian.PutUint16(f[l3+10:], 0)
			binary.BigEndian.PutUint16(f[l3+10:], ^inetsum.Of(f[l3:l4]))
			binary.BigEndian.PutUint16(f[l4+4:], uint16(len(f)-l4))
			putTransportSum(f, l3, l4, unix.IPPROTO_UDP)
			e.send(f)
			if i%10 == 0 {
				time.Sleep(time.Millisecond) // queues have an end
			}
		}
	}
}
