// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
)

// pair returns both ends of a connection. Everything runs in a synctest bubble.
func pair(t *testing.T, w weather) (client, server *Conn) {
	t.Helper()
	cp, sp := newPipe(1, w)
	accepted := sp.listen(t, true)
	client, err := Dial(t.Context(), cp, true)
	if err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// carry sends data from a to b and reports what b gets until the end.
func carry(a, b net.Conn, data []byte) (got []byte, writeErr, readErr error) {
	written := make(chan error, 1)
	go func() {
		_, err := a.Write(data)
		a.Close()
		written <- err
	}()
	got, readErr = io.ReadAll(b)
	return got, <-written, readErr
}

func TestStreamsOverBadWires(t *testing.T) {
	for name, w := range weathers {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				client, server := pair(t, w)
				data := noise(rand.New(rand.NewPCG(5, 5)), 100_000)
				echoed := make(chan []byte, 1)
				go io.CopyN(server, server, int64(len(data)))
				go func() {
					got := make([]byte, len(data))
					io.ReadFull(client, got)
					echoed <- got
				}()
				client.SetDeadline(time.Now().Add(10 * time.Minute))
				if n, err := client.Write(data); n != len(data) || err != nil {
					t.Fatalf("wrote %d bytes: %v", n, err)
				}
				if !bytes.Equal(<-echoed, data) {
					t.Error("other bytes came back than were sent")
				}
				server.Close()
				if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					// The farewell may be lost on a wire this bad: then it is silence.
					if !errors.Is(err, ErrSilent) && !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("after the last byte: %d, %v", n, err)
					}
				}
			})
		})
	}
}

func TestCloseIsTheEndForBoth(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		client, server := pair(t, weather{delay: 20 * time.Millisecond})
		data := []byte("farewell, and thanks")
		got, werr, rerr := carry(client, server, data)
		if !bytes.Equal(got, data) || werr != nil || rerr != nil {
			t.Errorf("got %q; writing: %v, reading: %v", got, werr, rerr)
		}
		if _, err := server.Write([]byte("x")); !errors.Is(err, errHungUp) {
			t.Errorf("writing to who has hung up: %v", err)
		}
		for _, f := range []func() error{
			func() error { _, err := client.Read(make([]byte, 1)); return err },
			func() error { _, err := client.Write([]byte("x")); return err },
			func() error { return client.SetDeadline(time.Now()) },
		} {
			if err := f(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		}
		if err := client.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		client, _ := pair(t, weather{})
		began := time.Now()
		client.SetReadDeadline(began.Add(3 * time.Second))
		_, err := client.Read(make([]byte, 1))
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() || time.Since(began) != 3*time.Second {
			t.Errorf("Read returns after %v: %v", time.Since(began), err)
		}
		// Nobody reads at the other end, so there is a limit to what can be written.
		client.SetWriteDeadline(began.Add(5 * time.Second))
		n, err := client.Write(make([]byte, 10<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 5*time.Second || n > (sendSlots+recvSlots)*maxPayload {
			t.Errorf("Write of 10 MiB returns %d after %v: %v", n, time.Since(began), err)
		}
		// A deadline set anew wakes up whoever waits, and the old one does not strike.
		client.SetReadDeadline(time.Now().Add(time.Second))
		client.SetReadDeadline(time.Now().Add(time.Hour))
		began = time.Now()
		time.AfterFunc(time.Minute, func() { client.SetReadDeadline(time.Unix(1, 0)) })
		if _, err = client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("Read returns after %v: %v", time.Since(began), err)
		}
		client.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Second, func() { client.Close() })
		if _, err = client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read while closed returns %v", err)
		}
	})
}

// Noise, and what others send, does no harm.
func TestStrangers(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		client, server := pair(t, weather{delay: time.Millisecond})
		time.Sleep(time.Second)
		cp := client.carrier.(*pipe)
		confirmed := func() (n int) { cp.set(func() { n = cp.confirmed }); return n }
		before := confirmed()
		rng := rand.New(rand.NewPCG(3, 3))
		for range 500 {
			cp.set(func() { cp.inbox = append(cp.inbox, noise(rng, rng.IntN(1500))) })
		}
		synctest.Wait()
		if n := confirmed(); n != before {
			t.Errorf("%d strange datagrams were taken for genuine", n-before)
		}
		go server.Write([]byte("still here"))
		b := make([]byte, 10)
		if _, err := io.ReadFull(client, b); err != nil || string(b) != "still here" {
			t.Errorf("got %q, %v", b, err)
		}
		if confirmed() == before {
			t.Error("a genuine datagram was not confirmed")
		}
	})
}

func TestPulse(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		cp, sp := newPipe(1, weather{delay: time.Millisecond})
		cp.pulse = 2 * time.Second
		accepted := sp.listen(t, false)
		client, err := Dial(t.Context(), cp, false)
		if err != nil {
			t.Fatal(err)
		}
		server := <-accepted
		time.Sleep(59 * time.Second)
		client.Close()
		server.Close()
		if n := len(cp.pulses); n != 30 {
			t.Errorf("%d pulses in a minute, want 30", n)
		}
		for i := 1; i < len(cp.pulses); i++ {
			if d := cp.pulses[i].Sub(cp.pulses[i-1]); d != cp.pulse {
				t.Errorf("pulse %d comes after %v", i, d)
			}
		}
	})
}
