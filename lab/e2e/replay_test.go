// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/softether"
)

// Somebody on the path keeps the datagrams of the VPN and sends them again, in both directions: of UDP acceleration, of
// R-UDP's stream and of the datagrams beside it. Nothing comes out of the desktop's TAP twice, changed or from elsewhere.
// The server is another matter: it takes datagrams again (of UDP acceleration for 30 s, of R-UDP the last 16,384), which no
// client can help. How many is logged.
func TestReplayedDatagramsChangeNothing(t *testing.T) {
	w := freshNetwork(t, func(o *lab.Options) { o.Impaired = true })
	w.verbose()
	_, err := w.Server.BehindRendezvous(w.ctx)
	w.ok(err)
	for host, device := range map[*netns.Host]string{w.Desktop.Host: plan.Bases[0].Device, w.Internet: plan.Bases[0].Far} {
		_, err := host.Must(w.ctx, "ip", "neigh", "replace", bystander.String(), "lladdr", bystanderMAC, "dev", device)
		w.ok(err)
	}
	seen := w.watchesBases()
	e := w.eavesdrop()

	w.up(w.accelerate("yes"))
	overUDP := func() error {
		c, err := w.carriers(false)
		if err != nil {
			return err
		}
		return allUDP(c)
	}
	w.eventually("frames to go over UDP", 25*time.Second, overUDP)
	e.forget()
	peers := w.udpPeers()
	w.replayed("fast", e)
	w.eventually("frames to go over UDP still, or again", 40*time.Second, overUDP)
	if now := w.udpPeers(); len(peers) == 0 || !slices.Equal(now, peers) {
		t.Errorf("UDP sockets lead to %v, before to %v", now, peers)
	}
	if there, back := e.toDesktop.strays.Load(), e.toServer.strays.Load(); there+back > 0 {
		t.Errorf("the desktop sent %d datagrams to the bystander, and the server %d", there, back)
	}
	mark := w.Desktop.NMLogMark()
	w.down("fast")
	refused := regexp.MustCompile(`UDP path closed.*`).FindString(w.Desktop.NMLog(mark))
	if t.Log(refused); !strings.Contains(refused, " not genuine") || !strings.Contains(refused, " replayed") {
		t.Error("UDP acceleration has refused nothing: what was sent again did not arrive")
	}

	e.forget() // before the connection is made
	mark = w.Desktop.NMLogMark()
	v := w.by("udp")
	v.Data["udp-acceleration"] = "v1" // all that Debian's server can do beside the stream
	w.up(v)
	if !strings.Contains(w.Desktop.NMLog(mark), besideTheStream) {
		t.Error("frames do not go beside the stream")
	}
	w.replayed(v.Name, e)
	w.down(v.Name)
	// The kernel tells the bystander that there is no such port.
	for what, n := range seen.left(findsServer, func(f []byte) bool {
		l3, l4, proto, fragment, err := lab.Layers(f)
		return err == nil && !fragment && proto == unix.IPPROTO_ICMP && f[l4] == 3 && netip.AddrFrom4([4]byte(f[l3+16:l3+20])) == bystander
	}) {
		t.Errorf("%d packets left in clear: %s", n, what)
	}
}

// replayed has traffic go through the tunnel of that name while everything is sent again.
func (w *world) replayed(name string, e *eavesdropper) {
	w.t.Helper()
	sessions, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
	w.ok(err)
	before, mark := w.snapshot(), w.Desktop.NMLogMark()
	stream := w.streamsMeanwhile()
	down, up := w.numbered(w.Office.Host, w.Desktop.Host, w.address(false)), w.numbered(w.Desktop.Host, w.Office.Host, plan.OfficeGateway)
	w.eventually("datagrams to listen to", 20*time.Second, func() error {
		if there, back := e.toServer.heard(), e.toDesktop.heard(); there < keepMost || back < keepMost {
			return fmt.Errorf("%d there, %d back", there, back)
		}
		return nil
	})
	began, err := procfs.UsageOf(w.service())
	w.ok(err)
	e.toServer.replay()
	e.toDesktop.replay()
	ended, err := procfs.UsageOf(w.service())
	w.ok(err)
	for _, f := range []struct {
		where string
		*numbers
	}{{"the desktop", down}, {"the office", up}} {
		sent, arrived, twice, err := f.end()
		w.t.Logf("%s: in %s %d of %d datagrams have arrived, %d of them more than once", name, f.where, arrived, sent, twice)
		if err != nil || arrived < sent/2 || f.numbers == down && twice > 0 {
			w.t.Errorf("%s: in %s %d of %d datagrams have arrived, %d of them more than once: %v", name, f.where, arrived, sent, twice, err)
		}
	}
	stream()
	w.unchanged(name, before)
	// A former session may be there for a while.
	if now, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice); err != nil || len(now) == 0 || slices.Max(now) != slices.Max(sessions) {
		w.t.Errorf("%s: sessions are %v, before %v: %v", name, now, sessions, err)
	}
	lines := strings.Count(w.Desktop.VPNLog(mark), "\n")
	w.t.Logf("%s: %d datagrams sent again to the server, %d to the desktop; private memory %d kB, before %d kB; %d lines in the journal",
		name, e.toServer.again.Load(), e.toDesktop.again.Load(), ended.Private>>10, began.Private>>10, lines)
	if ended.Private-began.Private > 32<<20 || lines > 50 {
		w.t.Errorf("%s: memory or journal have grown", name)
	}
}

// udpPeers lists the connected UDP sockets of the desktop that lead to the server: where from and where to.
func (w *world) udpPeers() (peers []string) {
	w.t.Helper()
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/udp", w.service()))
	w.ok(err)
	server := fmt.Sprintf("%08X:", binary.NativeEndian.Uint32(plan.ServerAddr.AsSlice()))
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 2 && strings.HasPrefix(f[2], server) {
			peers = append(peers, f[1]+" to "+f[2])
		}
	}
	slices.Sort(peers)
	return peers
}

// numbers are datagrams in one direction, one a millisecond, and how often each has arrived.
type numbers struct {
	x        crossing
	in       net.PacketConn
	stop     chan struct{}
	sent     chan int
	received chan error
	times    map[uint64]int // by number; for end, after received
}

// numbered has from send to addr, which is to's, until end is called.
func (w *world) numbered(from, to *netns.Host, addr netip.Addr) *numbers {
	w.t.Helper()
	n := &numbers{x: crossing{key: [32]byte{'n', addr.As4()[3]}, most: 1200}, stop: make(chan struct{}), sent: make(chan int, 1), received: make(chan error, 1), times: map[uint64]int{}}
	w.ok(to.Do(func() (err error) {
		n.in, err = net.ListenPacket("udp", netip.AddrPortFrom(addr, 0).String())
		return err
	}))
	out, err := from.DialContext(w.ctx, "udp", n.in.LocalAddr().String())
	w.ok(err)
	go func() {
		defer out.Close()
		buf := make([]byte, n.x.most)
		for i := 0; ; i++ {
			select {
			case <-n.stop:
				n.sent <- i
				return
			case <-time.After(time.Millisecond):
			}
			b := buf[:numberBytes+i*7%(n.x.most-numberBytes)]
			n.x.fill(b, uint64(i))
			_, _ = out.Write(b) // one that is not sent does not arrive
		}
	}()
	go func() { n.received <- n.receive() }()
	return n
}

func (n *numbers) receive() error {
	got, want := make([]byte, 1<<16), make([]byte, n.x.most)
	for {
		size, _, err := n.in.ReadFrom(got)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if size < numberBytes || size > n.x.most {
			return fmt.Errorf("a datagram of %d bytes, which nobody sent", size)
		}
		number := binary.BigEndian.Uint64(got)
		if n.x.fill(want[:size], number); !bytes.Equal(got[:size], want[:size]) {
			return fmt.Errorf("datagram %d, of %d bytes, has other bytes", number, size)
		}
		n.times[number]++
	}
}

// end stops sending, and returns how many were sent, how many of them arrived, and how many of those more than once.
func (n *numbers) end() (sent, arrived, twice int, err error) {
	close(n.stop)
	sent = <-n.sent
	time.Sleep(500 * time.Millisecond) // for what is under way
	n.in.Close()
	err = <-n.received
	for _, times := range n.times {
		if times > 1 {
			twice++
		}
	}
	return sent, len(n.times), twice, err
}
