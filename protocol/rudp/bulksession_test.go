// SPDX-License-Identifier: Apache-2.0

package rudp_test

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/rudp/bulk"
	"network-manager-softether/protocol/rudp/rudptest"
	"network-manager-softether/protocol/softethertest"
)

// keeping is a listener that shows what it has accepted.
type keeping struct {
	*rudptest.Listener
	conns chan net.Conn
}

func (k keeping) Accept() (net.Conn, error) {
	c, err := k.Listener.Accept()
	if err == nil {
		k.conns <- c
	}
	return c, err
}

// A bulkServer grants a version of bulk datagrams to clients that ask, and echoes them.
type bulkServer struct {
	t       *testing.T
	conns   chan net.Conn
	version int // as granted
	asked   chan bool
}

func (b *bulkServer) welcome(x *softethertest.Exchange) bool {
	conn := <-b.conns
	b.asked <- x.Login.Bool("support_bulk_on_rudp")
	if !x.Login.Bool("support_udp_recovery") {
		b.t.Error("the session is to end with its connection")
	}
	if !x.Login.Bool("support_bulk_on_rudp") {
		return true
	}
	size := 20
	if b.version > 1 {
		size = 32
	}
	up, down := bytes.Repeat([]byte{1}, size), bytes.Repeat([]byte{2}, size)
	x.Reply.AddBool("enable_bulk_on_rudp", true)
	x.Reply.AddBool("enable_hmac_on_bulk_of_rudp", x.Login.Bool("support_hmac_on_bulk_of_rudp"))
	x.Reply.AddInt("rudp_bulk_version", uint32(b.version))
	x.Reply.AddData("bulk_on_rudp_send_key", up)
	x.Reply.AddData("bulk_on_rudp_recv_key", down)
	p := &bulk.Params{Version: min(max(1, b.version), 2), HMAC: true, SendKey: down, RecvKey: up}
	sealer, err := bulk.NewSealer(p)
	if err != nil {
		b.t.Error(err)
	}
	opener, err := bulk.NewOpener(p)
	if err != nil {
		b.t.Error(err)
	}
	stream := conn.(interface {
		OpenBulk(*bulk.Sealer, *bulk.Opener, func([][]byte))
		SendBulk([][]byte) error
	})
	stream.OpenBulk(sealer, opener, func(frames [][]byte) {
		if err := stream.SendBulk(frames); err != nil && !errors.Is(err, net.ErrClosed) {
			b.t.Error(err)
		}
	})
	return true
}

// A session takes the way beside the stream if the server grants it, with a weak cipher
// only where that is allowed.
func TestSessionBesideTheStream(t *testing.T) {
	old, current := softethertest.WithProduct("SoftEther VPN Server", 501, 9674), softethertest.WithProduct("SoftEther VPN Server", 444, 9807)
	for name, tt := range map[string]struct {
		server  softethertest.Option
		granted int
		mode    protocol.UDPMode
		beside  bool
		err     error
	}{
		"version 2":                       {current, 2, protocol.UDPAuto, true, nil},
		"version 2 always":                {current, 2, protocol.UDPYes, true, nil},
		"version 1 by leave":              {old, 0, protocol.UDPV1, true, nil},
		"version 2 where 1 has leave":     {current, 2, protocol.UDPV1, true, nil},
		"not asked for":                   {current, 2, protocol.UDPOff, false, nil},
		"old server is not asked":         {old, 0, protocol.UDPAuto, false, nil},
		"version 1 without leave":         {current, 1, protocol.UDPAuto, false, bulk.ErrGrant},
		"a version that nobody asked for": {current, 3, protocol.UDPV1, false, bulk.ErrGrant},
	} {
		for _, kind := range kinds {
			t.Run(name+" over "+kind, func(t *testing.T) {
				l, dial := listen(t, kind)
				b := &bulkServer{t: t, conns: make(chan net.Conn, 10), version: tt.granted, asked: make(chan bool, 10)}
				srv := softethertest.NewServer(tt.server, softethertest.WithHandler(softethertest.Echo), softethertest.WithListener(keeping{l, b.conns}),
					softethertest.WithFault(softethertest.StepLogin, b.welcome))
				t.Cleanup(srv.Close)
				s, err := protocol.Dial(within(t, leaktest.Patience), &protocol.Config{
					Host: "127.0.0.1", Port: 443, Hub: "TEST", User: "alice", Auth: protocol.Password{Secret: "secret1"},
					Trust: protocol.Trust{Mode: protocol.TrustAny}, Dialer: dialFunc(dial), UDP: tt.mode, MaxConnections: 4,
				})
				if !errors.Is(err, tt.err) {
					t.Fatalf("got %v, want %v", err, tt.err)
				}
				if _, again := protocol.Classify(err); err != nil && (protocol.Hint(err) == "" || again != protocol.RetryNo) {
					t.Errorf("hint %q, retry %v", protocol.Hint(err), again)
				}
				if asked := <-b.asked; asked != (tt.beside || tt.err != nil) {
					t.Errorf("asked for it: %v", asked)
				}
				if err != nil {
					return
				}
				defer s.Close()
				if n := s.Info().MaxConnections; n != 1 {
					t.Errorf("%d connections, where one is all that makes sense", n)
				}
				got := make(chan []byte, 100)
				s.Start(func(frames [][]byte) {
					for _, f := range frames {
						got <- bytes.Clone(f)
					}
				})
				server, err := srv.Session(within(t, leaktest.Patience))
				if err != nil {
					t.Fatal(err)
				}
				// The first frames may still take the stream.
				f := bytes.Repeat([]byte{2, 4, 6}, 500)
				batch := frame.NewBatch(64<<10, 16)
				batch.Append(f)
				for until := time.Now().Add(leaktest.Patience); ; {
					before := server.Stats().FramesIn
					if err := s.Send(batch); err != nil {
						t.Fatal(err)
					}
					select {
					case g := <-got:
						if !bytes.Equal(g, f) {
							t.Fatalf("it came back as %d other bytes", len(g))
						}
					case <-time.After(leaktest.Patience):
						t.Fatal("it does not come back")
					}
					if beside := server.Stats().FramesIn == before; beside == tt.beside {
						break
					} else if time.Now().After(until) {
						t.Fatalf("frames go beside the stream: %v", beside)
					}
				}
			})
		}
	}
}
