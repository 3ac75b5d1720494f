// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/internal/inetsum"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/tapbridge"
)

// listen and dial make sockets in the namespace.
func (n *netns) listen(addr string) net.Listener {
	n.t.Helper()
	var l net.Listener
	var err error
	n.do(func() { l, err = net.Listen("tcp", addr) })
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { l.Close() })
	return l
}

func (n *netns) dial(network, addr string) net.Conn {
	n.t.Helper()
	var c net.Conn
	var err error
	n.do(func() { c, err = net.DialTimeout(network, addr, 5*time.Second) })
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(leaktest.Patience))
	return c
}

// write sends n random bytes in pieces of random size and returns their SHA-256.
func write(w io.Writer, r *rand.ChaCha8, n int) ([]byte, error) {
	h := sha256.New()
	buf := make([]byte, 128<<10)
	for n > 0 {
		p := buf[:min(n, 1+int(r.Uint64()%uint64(len(buf))))]
		r.Read(p)
		h.Write(p)
		if _, err := w.Write(p); err != nil {
			return nil, err
		}
		n -= len(p)
	}
	return h.Sum(nil), nil
}

func TestStreamsArriveByteForByteBothWaysAtOnce(t *testing.T) {
	size := int64(12 << 20)
	if raceDetector {
		size = 2 << 20
	}
	for _, plain := range []bool{false, true} {
		p := newPair(t, tapbridge.TAPConfig{PlainMode: plain})
		for _, addr := range []string{p.b.v4, p.b.v6} {
			l := p.b.listen(net.JoinHostPort(addr, "7"))
			a := p.a.dial("tcp", l.Addr().String())
			b, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			type result struct {
				sum []byte
				err error
			}
			wrote, read := [2]chan result{}, [2]chan result{}
			for i, c := range []net.Conn{a, b} {
				wrote[i], read[i] = make(chan result, 1), make(chan result, 1)
				go func() {
					sum, err := write(c, rand.NewChaCha8([32]byte{byte(i)}), int(size))
					wrote[i] <- result{sum, err}
				}()
				go func() {
					h := sha256.New()
					_, err := io.CopyN(h, c, size)
					read[i] <- result{h.Sum(nil), err}
				}()
			}
			for i := range 2 {
				w, r := <-wrote[i], <-read[1-i]
				if w.err != nil || r.err != nil {
					t.Fatalf("plain %v, %s, way %d: write %v, read %v", plain, addr, i, w.err, r.err)
				}
				if !bytes.Equal(w.sum, r.sum) {
					t.Errorf("plain %v, %s, way %d: other bytes arrived", plain, addr, i)
				}
			}
			a.Close()
			b.Close()
		}
	}
}

func TestDatagramsArriveByteForByte(t *testing.T) {
	p := newPair(t, tapbridge.TAPConfig{})
	p.a.run("ping", "-c", "5", "-i", "0.2", p.b.v6) // the kernel may take its time with the address, and no datagram is sent again
	for _, tt := range []struct {
		addr string
		size int // per segment, 0: no UDP_SEGMENT
	}{{p.b.v4, 0}, {p.b.v4, 1472}, {p.b.v4, 700}, {p.b.v6, 0}, {p.b.v6, 1452}, {p.b.v6, 3}} {
		in := p.b.listenUDP(net.JoinHostPort(tt.addr, "9"))
		in.SetDeadline(time.Now().Add(leaktest.Patience))
		out := p.a.dial("udp", in.LocalAddr().String())
		if tt.size > 0 {
			raw, err := out.(*net.UDPConn).SyscallConn()
			raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT, tt.size) })
			if err != nil {
				t.Fatal(err)
			}
		}
		r := rand.New(rand.NewPCG(3, uint64(tt.size)))
		buf := make([]byte, 65536)
		for i := range 50 {
			n := 1 + r.IntN(1400)
			if tt.size > 0 {
				n = 1 + r.IntN(min(40*tt.size, 60000))
			}
			msg := make([]byte, n)
			for j := range msg {
				msg[j] = byte(r.Uint32())
			}
			if _, err := out.Write(msg); err != nil {
				t.Fatal(err)
			}
			for len(msg) > 0 {
				want := msg
				if tt.size > 0 {
					want = msg[:min(tt.size, len(msg))]
				}
				n, _, err := in.ReadFrom(buf)
				if err != nil {
					t.Fatalf("%s, segments of %d, message %d: %v", tt.addr, tt.size, i, err)
				}
				if !bytes.Equal(buf[:n], want) {
					t.Fatalf("%s, segments of %d, message %d: got %d bytes that differ from the %d sent", tt.addr, tt.size, i, n, len(want))
				}
				msg = msg[len(want):]
			}
		}
		in.Close()
		out.Close()
	}
}

// received counts what was written to the kernel. The mounted sysfs is not that of
// the namespace, /proc is that of the thread.
func (s *side) received() (packets int) {
	s.t.Helper()
	var b []byte
	s.do(func() { b, _ = os.ReadFile("/proc/thread-self/net/dev") })
	for line := range strings.Lines(string(b)) {
		if name, rest, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == s.tap.Name() {
			packets, _ = strconv.Atoi(strings.Fields(rest)[1])
		}
	}
	return packets
}

func TestNoCorruptSegmentReachesAnApplication(t *testing.T) {
	s := newSide(t, tapbridge.TAPConfig{}, 1)
	in := s.listenUDP(s.v4 + ":9")
	for _, corrupt := range []int{-1, 0, 3, 9} {
		frames := datagrams(10)
		if corrupt >= 0 {
			frames[corrupt][60] ^= 1
		}
		before := s.received()
		s.bridge.Receive(frames)
		var got, want []byte
		for i := range 10 {
			if i != corrupt {
				want = append(want, byte(i))
			}
		}
		buf := make([]byte, 2000)
		for {
			patience := leaktest.Patience
			if len(got) >= len(want) {
				patience = 100 * time.Millisecond // there should be no more
			}
			in.SetReadDeadline(time.Now().Add(patience))
			n, _, err := in.ReadFrom(buf)
			if err != nil {
				break
			}
			got = append(got, buf[:n][0])
		}
		if !bytes.Equal(got, want) {
			t.Errorf("datagram %d corrupt: got %v, want %v", corrupt, got, want)
		}
		if n := s.received() - before; n > 3 {
			t.Errorf("datagram %d corrupt: %d packets written to the kernel, want at most 3", corrupt, n)
		}
	}
}

// listenUDP makes a socket in the namespace.
func (n *netns) listenUDP(addr string) *net.UDPConn {
	n.t.Helper()
	var in net.PacketConn
	var err error
	n.do(func() { in, err = net.ListenPacket("udp", addr) })
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { in.Close() })
	in.(*net.UDPConn).SetReadBuffer(4 << 20)
	return in.(*net.UDPConn)
}

// datagrams are n of 100 bytes from 10.9.0.2 to 10.9.0.1 port 9, each beginning with
// its number.
func datagrams(n int) [][]byte {
	var out [][]byte
	for i := range n {
		f := make([]byte, 142)
		copy(f, []byte{0x5e, 0, 0, 0, 0, 1, 0x5e, 0, 0, 0, 0, 2, 8, 0})
		ip, udp := f[14:34], f[34:]
		copy(ip, []byte{0x45, 0, 0, 128, 0, byte(i), 0x40, 0, 64, 17, 0, 0, 10, 9, 0, 2, 10, 9, 0, 1})
		copy(udp, []byte{0, 9, 0, 9, 0, 108, 0, 0, byte(i)})
		put(ip[10:], ^inetsum.Of(ip))
		put(udp[6:], ^inetsum.Fold(inetsum.Add(inetsum.Add(uint64(binary.BigEndian.Uint16(udp[4:]))+17, net.IP{10, 9, 0, 2, 10, 9, 0, 1}), udp)))
		out = append(out, f)
	}
	return out
}
