// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol/softethertest"
)

// piped logs in to a server that lives in the bubble of t.
func piped(t *testing.T, opts ...softethertest.Option) (*softethertest.Server, *client) {
	t.Helper()
	p := softethertest.NewPipe()
	s := softethertest.NewServer(append(opts, softethertest.WithListener(p))...)
	t.Cleanup(s.Close)
	raw, err := p.DialContext(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, tcp: raw, conn: tls.Client(raw, &tls.Config{RootCAs: s.CertPool(), ServerName: "vpn.example"})}
	c.br = bufio.NewReader(c.conn)
	t.Cleanup(func() { raw.Close() })
	c.hello()
	if p := c.ask(loginPack()); p.Int("error") != 0 {
		t.Fatalf("error %d", p.Int("error"))
	}
	return s, c
}

// softether-protocol.md 9.3: a silent client is cut after the session timeout.
func TestSilenceIsCutOnTime(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := piped(t)
		start := time.Now()
		if _, err := io.Copy(io.Discard, c.br); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d != 20*time.Second {
			t.Errorf("cut after %v, want 20 s", d)
		}
		synctest.Wait()
		if got := s.Records()[0].End; got != softethertest.EndSilent {
			t.Errorf("end %q, want silent", got)
		}
		time.Sleep(19 * time.Second)
		if n := len(s.Sessions()); n != 1 {
			t.Errorf("%d sessions linger, want 1", n)
		}
		time.Sleep(2 * time.Second)
		if n := len(s.Sessions()); n != 0 {
			t.Errorf("%d sessions are left, want 0", n)
		}
	})
}

// softether-protocol.md 9.2: for a timeout of 20 s one keep-alive every 4 to 10 s,
// the first at once, and none soon after data.
func TestKeepAliveSpacing(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := piped(t)
		sess := session(t, s)
		alive := []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}
		last := time.Now()
		for i := range 50 {
			var head [8]byte
			if _, err := io.ReadFull(c.br, head[:]); err != nil {
				t.Fatal(err)
			}
			n := binary.BigEndian.Uint32(head[4:])
			if binary.BigEndian.Uint32(head[:]) != 0xffffffff || n >= 512 {
				t.Fatalf("message %x, want a keep-alive", head)
			}
			io.CopyN(io.Discard, c.br, int64(n))
			d := time.Since(last)
			if i == 0 && d != 0 || i > 0 && (d < 4*time.Second || d > 10*time.Second) {
				t.Errorf("keep-alive %d came after %v", i, d)
			}
			last = time.Now()
			if _, err := c.conn.Write(alive); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := sess.Stats().KeepAlivesIn; got != 50 {
			t.Errorf("%d keep-alives noted, want 50", got)
		}
	})
}
