// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// inner6 is the office over IPv6.
var inner6 = netip.MustParseAddr("fd20::1")

// dualStack connects to an office that has IPv6 too, and waits for both ways.
func (w *world) dualStack() {
	w.t.Helper()
	six := servers.OfficeDHCP()
	six.RA = true
	w.ok(w.Office.Configure(w.ctx, six))
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.eventually("IPv6", 20*time.Second, func() error {
		dev, err := w.Desktop.RouteTo(inner6)
		if err == nil {
			err = is("the way to "+inner6.String(), dev, w.tap(), nil)
		}
		return err
	})
	w.pings(plan.OfficeGateway, inner6)
}

// A gigabyte, of which every byte is where it belongs.
func TestAGigabyteArrivesByteForByteBothWays(t *testing.T) {
	w := freshNetwork(t)
	w.dualStack()
	const overTCP, overUDP = 230_000_000, 20_000_000 // bytes each way and per version of IP
	began := time.Now()
	w.streams(overTCP)
	t.Logf("%d bytes over TCP in %v", 4*overTCP, time.Since(began))
	began = time.Now()
	lost := w.datagrams(overUDP, 0)
	t.Logf("%d bytes over UDP in %v, %d datagrams lost", 4*overUDP, time.Since(began), lost)
	w.down("office")
}

// streams sends size bytes each way at once, over IPv4 and IPv6 at once, and compares what arrives.
func (w *world) streams(size int) {
	w.t.Helper()
	var all sync.WaitGroup
	for i, addr := range []netip.Addr{plan.OfficeGateway, inner6} {
		l, err := w.Office.Listen("tcp", netip.AddrPortFrom(addr, 0).String())
		w.ok(err)
		defer l.Close()
		desk, err := w.Desktop.DialContext(w.ctx, "tcp", l.Addr().String())
		w.ok(err)
		defer desk.Close()
		office, err := l.Accept()
		w.ok(err)
		defer office.Close()
		for j, way := range [][2]net.Conn{{desk, office}, {office, desk}} {
			from, to := way[0].(*net.TCPConn), way[1]
			key := [32]byte{byte(i), byte(j)}
			limit := time.Now().Add(perTest)
			w.ok(errors.Join(from.SetWriteDeadline(limit), to.SetReadDeadline(limit)))
			all.Go(func() {
				if err := errors.Join(writeStream(from, key, size), from.CloseWrite()); err != nil {
					w.t.Errorf("to %v: %v", from.RemoteAddr(), err)
				}
			})
			all.Go(func() {
				if err := readStream(to, key, size); err != nil {
					w.t.Errorf("from %v: %v", to.RemoteAddr(), err)
				}
			})
		}
	}
	all.Wait()
}

// writeStream writes the first size bytes of the key's sequence in pieces of random size, from one byte to many packets.
func writeStream(to io.Writer, key [32]byte, size int) error {
	_, err := writePieces(to, key, size, nil)
	return err
}

// writeUntil writes the key's sequence until stop is closed, with pauses that leave room for others, and returns how
// much that was.
func writeUntil(to io.Writer, key [32]byte, stop <-chan struct{}) (int, error) {
	return writePieces(to, key, math.MaxInt, stop)
}

// closed makes nobody wait.
var closed = func() <-chan time.Time { c := make(chan time.Time); close(c); return c }()

func writePieces(to io.Writer, key [32]byte, size int, stop <-chan struct{}) (n int, err error) {
	sequence, sizes := rand.NewChaCha8(key), rand.New(rand.NewPCG(uint64(key[0]), uint64(key[1])))
	buf := make([]byte, 256<<10)
	pause := closed
	for n < size {
		select {
		case <-stop:
			return n, nil
		case <-pause:
		}
		piece := buf[:min(size-n, 1+sizes.IntN(1<<(1+sizes.IntN(18))))]
		_, _ = sequence.Read(piece) // never fails
		if _, err := to.Write(piece); err != nil {
			return n, err
		}
		n += len(piece)
		if stop != nil {
			pause = time.After(10 * time.Millisecond)
		}
	}
	return n, nil
}

// readStream reads to the end and compares with the key's sequence.
func readStream(from io.Reader, key [32]byte, size int) error {
	at, err := compareStream(from, key)
	if err == nil && at != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", at, size, err)
	}
	return nil
}

// compareStream reads to the end, compares with the key's sequence, and returns how much there was.
func compareStream(from io.Reader, key [32]byte) (at int, err error) {
	sequence := rand.NewChaCha8(key)
	got, want := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, err := from.Read(got)
		_, _ = sequence.Read(want[:n]) // never fails
		if !bytes.Equal(got[:n], want[:n]) {
			return at, fmt.Errorf("other bytes among the %d from byte %d on", n, at)
		}
		at += n
		if errors.Is(err, io.EOF) {
			return at, nil
		}
		if err != nil {
			return at, err
		}
	}
}

// datagrams sends size bytes each way at once over IPv4 and IPv6, in datagrams of random size, compares what arrives,
// and returns how many did not. Those from the desktop leave in bursts of up to segments of one size (UDP_SEGMENT).
func (w *world) datagrams(size, segments int) (lost int) {
	w.t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex // guards lost
	for i, addr := range []netip.Addr{plan.OfficeGateway, inner6} {
		desk := w.address(addr.Is6())
		for j, way := range []struct {
			from, to *netns.Host
			addr     netip.Addr
			burst    int
		}{{w.Desktop.Host, w.Office.Host, addr, segments}, {w.Office.Host, w.Desktop.Host, desk, 0}} {
			var in net.PacketConn
			w.ok(way.to.Do(func() (err error) {
				in, err = net.ListenPacket("udp", netip.AddrPortFrom(way.addr, 0).String())
				return err
			}))
			defer in.Close()
			out, err := way.from.DialContext(w.ctx, "udp", in.LocalAddr().String())
			w.ok(err)
			defer out.Close()
			x := &crossing{key: [32]byte{'u', byte(i), byte(j)}, most: 1472, arrived: make(chan struct{}, inFlight)}
			if addr.Is6() {
				x.most = 1452
			}
			w.ok(in.SetReadDeadline(time.Now().Add(perTest)))
			all.Go(func() {
				if err := x.receive(in); err != nil {
					w.t.Errorf("to %v: %v", in.LocalAddr(), err)
				}
			})
			all.Go(func() {
				defer in.Close()
				n, missing, err := x.send(w.ctx, out.(*net.UDPConn), size, way.burst)
				if err != nil {
					w.t.Errorf("to %v: %v", out.RemoteAddr(), err)
				}
				if missing > n/100 {
					w.t.Errorf("to %v: %d of %d datagrams lost, though never more than %d are under way", out.RemoteAddr(), missing, n, inFlight)
				}
				mu.Lock()
				lost += missing
				mu.Unlock()
			})
		}
	}
	all.Wait()
	return lost
}

// address is the desktop's in the office.
func (w *world) address(six bool) netip.Addr {
	w.t.Helper()
	addrs, err := w.Desktop.Addrs(w.tap())
	w.ok(err)
	for _, a := range addrs {
		if a.Addr().Is6() == six {
			return a.Addr()
		}
	}
	w.t.Fatalf("no such address among %v", addrs)
	return netip.Addr{}
}
