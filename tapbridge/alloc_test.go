// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"network-manager-softether/frame"
	"network-manager-softether/internal/inetsum"
	"network-manager-softether/tapbridge"
)

// counter is a Link that signals every batch with the number of frames in it.
type counter chan int

func (c counter) Send(b *frame.Batch) error {
	c <- b.Len()
	return nil
}

// burst is a TCP connection as the other side of the tunnel sees it: n segments of
// data, without an end.
func burst(n int) [][]byte {
	var out [][]byte
	for i := range n {
		out = append(out, segment(uint32(i*1400), 1400))
	}
	return out
}

// Sending: a datagram socket is the host. Receiving: a batch of segments of one flow.
// Both with a real TAP, in both of its modes.
func TestNoAllocationInEitherDirection(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := newSide(t, tapbridge.TAPConfig{PlainMode: plain}, 1)
		c := make(counter)
		s.bridge.SetLink(c)
		var fd int
		var err error
		s.do(func() { fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0) })
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: s.tap.Index()}); err != nil {
			t.Fatal(err)
		}
		f := testFrame(1000, 1)
		if n := testing.AllocsPerRun(200, func() {
			if _, err := unix.Write(fd, f); err != nil {
				t.Fatal(err)
			}
			<-c
		}); n != 0 {
			t.Errorf("plain %v: %v allocations to send a batch, want 0", plain, n)
		}
		s.bridge.SetLink(nil)
		frames := burst(100)
		port := s.bridge.NewPort(func(f []byte) bool { return f[0] == 99 }, 1)
		defer port.Close()
		if n := testing.AllocsPerRun(200, func() { s.bridge.Receive(frames) }); n != 0 {
			t.Errorf("plain %v: %v allocations to receive a batch, want 0", plain, n)
		}
		if st := s.bridge.Stats(); st.ReceivedFrames < 20000 || st.ReceiveDropped > 0 {
			t.Errorf("plain %v: the host did not take the frames: %+v", plain, st)
		}
	}
}

// segment returns a right TCP segment in IPv4 from 10.9.0.2 to 10.9.0.1.
func segment(seq uint32, n int) []byte {
	f := make([]byte, 54+n)
	copy(f, []byte{0x5e, 0, 0, 0, 0, 1, 0x5e, 0, 0, 0, 0, 2, 8, 0})
	ip, tcp := f[14:34], f[34:]
	copy(ip, []byte{0x45, 0, byte((40 + n) >> 8), byte(40 + n), byte(seq / 1400 >> 8), byte(seq / 1400), 0x40, 0, 64, 6, 0, 0, 10, 9, 0, 2, 10, 9, 0, 1})
	copy(tcp, []byte{0x13, 0x89, 0x13, 0x8a, byte(seq >> 24), byte(seq >> 16), byte(seq >> 8), byte(seq), 0, 0, 0, 1, 0x50, 0x10, 1, 0})
	put(ip[10:], ^inetsum.Of(ip))
	put(tcp[16:], ^inetsum.Fold(inetsum.Add(inetsum.Add(uint64(len(tcp))+6, net.IP{10, 9, 0, 2, 10, 9, 0, 1}), tcp)))
	return f
}

func put(b []byte, v uint16) { b[0], b[1] = byte(v>>8), byte(v) }
