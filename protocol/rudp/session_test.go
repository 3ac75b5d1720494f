// SPDX-License-Identifier: Apache-2.0

package rudp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/rudp/rudptest"
	"network-manager-softether/protocol/softethertest"
)

type dialFunc func(context.Context) (net.Conn, error)

func (f dialFunc) DialContext(ctx context.Context, _, _ string) (net.Conn, error) { return f(ctx) }

// relay connects what l accepts to a TCP address, as a server does inside.
func relay(l *rudptest.Listener, to string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			inner, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			go func() {
				io.Copy(inner, c)
				inner.Close()
			}()
			io.Copy(c, inner)
			inner.Close()
		}()
	}
}

// A whole session, with TLS, login and frames, takes R-UDP for TCP.
func TestSessionOverEachCarrier(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			srv := softethertest.NewServer(softethertest.WithHandler(softethertest.Echo))
			t.Cleanup(srv.Close)
			l, dial := listen(t, kind)
			go relay(l, srv.Addr())
			s, err := protocol.Dial(within(t, leaktest.Patience), &protocol.Config{
				Host: srv.Host(), Port: srv.Port(), Hub: "TEST", User: "alice", Auth: protocol.Password{Secret: "secret1"},
				Trust: protocol.Trust{Mode: protocol.TrustAny}, Dialer: dialFunc(dial),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got := make(chan []byte, 100)
			s.Start(func(frames [][]byte) {
				for _, f := range frames {
					got <- bytes.Clone(f)
				}
			})
			f := bytes.Repeat([]byte{2, 4, 6}, 500)
			b := frame.NewBatch(64<<10, 16)
			for range 16 {
				b.Append(f)
			}
			if err := s.Send(b); err != nil {
				t.Fatal(err)
			}
			for i := range 16 {
				select {
				case g := <-got:
					if !bytes.Equal(g, f) {
						t.Fatalf("frame %d came back as %d other bytes", i, len(g))
					}
				case <-time.After(leaktest.Patience):
					t.Fatalf("frame %d does not come back", i)
				}
			}
		})
	}
}
