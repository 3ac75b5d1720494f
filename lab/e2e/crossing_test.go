// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// inFlight is how many datagrams are under way at most: no queue of the lab is shorter.
const inFlight = 64

// patience is after how long a datagram is lost. A machine that is busy with other things stands still for a second.
const patience = 5 * time.Second

// A crossing is datagrams in one direction. Each begins with its number, which with the key gives the rest.
type crossing struct {
	key     [32]byte
	most    int           // bytes of payload
	arrived chan struct{} // one for each that did
}

const numberBytes = 8

// fill makes the datagram of that number.
func (x *crossing) fill(b []byte, number uint64) {
	binary.BigEndian.PutUint64(b, number)
	key := x.key
	binary.BigEndian.PutUint64(key[24:], number)
	_, _ = rand.NewChaCha8(key).Read(b[numberBytes:]) // never fails
}

// send sends size bytes and returns the number of datagrams, and of those of them that did not arrive.
func (x *crossing) send(ctx context.Context, out *net.UDPConn, size, burst int) (sent, lost int, err error) {
	r := rand.New(rand.NewPCG(7, uint64(x.key[1])<<8|uint64(x.key[2])))
	raw, err := out.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	buf := make([]byte, 0, 1<<16)
	free := inFlight
	for size > 0 {
		n := 1
		length := numberBytes + r.IntN(x.most-numberBytes+1)
		if burst > 0 {
			n = 1 + r.IntN(min(burst, inFlight, 65000/length))
		}
		for free < n {
			select {
			case <-x.arrived:
				free++
			case <-time.After(patience):
				lost += inFlight - free
				free = inFlight
			case <-ctx.Done():
				return sent, lost, ctx.Err()
			}
		}
		buf = buf[:n*length]
		for i := range n {
			x.fill(buf[i*length:(i+1)*length], uint64(sent+i))
		}
		if burst > 0 {
			serr := err
			err = raw.Control(func(fd uintptr) { serr = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT, length) })
			if err := errors.Join(err, serr); err != nil {
				return sent, lost, fmt.Errorf("UDP_SEGMENT: %w", err)
			}
		}
		if _, err := out.Write(buf); err != nil {
			return sent, lost, err
		}
		sent, free, size = sent+n, free-n, size-n*length
	}
	for end := time.After(patience); free < inFlight; free++ {
		select {
		case <-x.arrived:
		case <-end:
			return sent, lost + inFlight - free, nil
		}
	}
	return sent, lost, nil
}

// receive compares what arrives until the socket is closed.
func (x *crossing) receive(in net.PacketConn) error {
	got, want, seen := make([]byte, 1<<16), make([]byte, 1<<16), map[uint64]bool{}
	for {
		n, _, err := in.ReadFrom(got)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if n < numberBytes || n > x.most {
			return fmt.Errorf("a datagram of %d bytes, which nobody sent", n)
		}
		number := binary.BigEndian.Uint64(got)
		x.fill(want[:n], number)
		if !bytes.Equal(got[:n], want[:n]) || seen[number] {
			return fmt.Errorf("datagram %d, of %d bytes, came twice or has other bytes", number, n)
		}
		seen[number] = true
		select {
		case x.arrived <- struct{}{}:
		default: // a late one, counted as lost
		}
	}
}
