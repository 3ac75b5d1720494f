// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol/rudp/bulk"
)

// openBulk opens the way beside the stream of c. Keys are the same in both directions.
func openBulk(t *testing.T, c *Conn, version int, receive func([][]byte)) {
	t.Helper()
	key := bytes.Repeat([]byte{7}, map[int]int{1: 20, 2: 32}[version])
	p := &bulk.Params{Version: version, HMAC: true, SendKey: key, RecvKey: key}
	sealer, err := bulk.NewSealer(p)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := bulk.NewOpener(p)
	if err != nil {
		t.Fatal(err)
	}
	c.OpenBulk(sealer, opener, receive)
}

// Frames travel beside the stream in any weather: some are lost, none is changed or
// comes twice, and the stream is what it was.
func TestFramesBesideTheStream(t *testing.T) {
	for name, w := range weathers {
		for version := 1; version <= 2; version++ {
			t.Run(name, func(t *testing.T) {
				bubbletest.Run(t, func(t *testing.T) {
					client, server := pair(t, w)
					const sent = 500
					seen := make(map[uint32]int)
					openBulk(t, client, version, func([][]byte) {})
					openBulk(t, server, version, func(frames [][]byte) {
						for _, f := range frames {
							n := binary.BigEndian.Uint32(f)
							seen[n]++
							if len(f) != int(frame.HeaderLen+n) || !bytes.Equal(f[4:], bytes.Repeat([]byte{byte(n)}, len(f)-4)) {
								t.Errorf("frame %d is not what was sent", n)
							}
						}
					})
					data := noise(rand.New(rand.NewPCG(5, 5)), 20_000)
					go client.Write(data)
					var frames [][]byte
					for n := range uint32(sent) {
						f := bytes.Repeat([]byte{byte(n)}, frame.HeaderLen+int(n))
						binary.BigEndian.PutUint32(f, n)
						if frames = append(frames, f); len(frames) == 50 {
							if err := client.SendBulk(frames); err != nil {
								t.Fatal(err)
							}
							frames = nil
							time.Sleep(10 * time.Millisecond)
						}
					}
					got := make([]byte, len(data))
					server.SetDeadline(time.Now().Add(10 * time.Minute))
					if _, err := io.ReadFull(server, got); err != nil || !bytes.Equal(got, data) {
						t.Errorf("the stream is damaged: %v", err)
					}
					time.Sleep(5 * time.Second)
					server.Close() // and receive is not called any more
					for n, times := range seen {
						if times > 1 {
							t.Errorf("frame %d came %d times", n, times)
						}
					}
					if want := int(sent * (1 - w.lose) * 0.9); len(seen) < want {
						t.Errorf("%d of %d frames arrived, want %d or more", len(seen), sent, want)
					}
				})
			})
		}
	}
}

func TestBulkErrors(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		cp, sp := newPipe(1, weather{})
		accepted := sp.listen(t, true)
		client, err := Dial(t.Context(), cp, true)
		if err != nil {
			t.Fatal(err)
		}
		server := <-accepted
		frames := [][]byte{make([]byte, 60)}
		if err := client.SendBulk(frames); err == nil {
			t.Error("frames go before the way is open")
		}
		var arrived int
		openBulk(t, client, 2, func([][]byte) {})
		openBulk(t, server, 2, func(f [][]byte) { arrived += len(f) })
		cp.set(func() { cp.sendErr = syscall.EAGAIN })
		began := time.Now()
		time.AfterFunc(100*time.Millisecond, func() { cp.set(func() { cp.sendErr = nil }) })
		if err := client.SendBulk(frames); err != nil || time.Since(began) < 90*time.Millisecond {
			t.Errorf("a full socket: %v after %v", err, time.Since(began))
		}
		cp.set(func() { cp.sendErr = syscall.EAGAIN })
		if err := client.SendBulk(frames); err != nil {
			t.Errorf("a socket that stays full: %v", err)
		}
		cp.set(func() { cp.sendErr = nil })
		server.Close()
		synctest.Wait() // for the farewell
		if arrived != 1 {
			t.Errorf("%d frames arrived, want the first", arrived)
		}
		if err := client.SendBulk(frames); !errors.Is(err, io.EOF) {
			t.Errorf("the other side has hung up: %v", err)
		}
		client.Close()
		if err := client.SendBulk(frames); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}
