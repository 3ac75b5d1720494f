// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/softethertest"
)

func TestHello(t *testing.T) {
	for _, tt := range []struct {
		name           string
		opts           []softethertest.Option
		version, build uint32
	}{
		{"5.01", nil, 501, 9674},
		{"5.02", []softethertest.Option{softethertest.As502()}, 502, 5188},
		{"any", []softethertest.Option{softethertest.WithProduct("x", 443, 9799)}, 443, 9799},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, tt.opts...)
			first, second := connect(t, s).hello(), connect(t, s).hello()
			if first.Str("hello") == "" || first.Int("version") != tt.version || first.Int("build") != tt.build || !first.Has("pencore") {
				t.Errorf("hello %q, version %d, build %d", first.Str("hello"), first.Int("version"), first.Int("build"))
			}
			if a, b := first.Data("random"), second.Data("random"); len(a) != 20 || bytes.Equal(a, b) {
				t.Errorf("randoms %x and %x", a, b)
			}
		})
	}
}

func TestFramesTravelBothWays(t *testing.T) {
	s := newServer(t, softethertest.WithHandler(softethertest.Echo))
	c, welcome := login(t, s)
	if welcome.Has("error") || welcome.Str("session_name") != "SID-ANON-1" || welcome.Str("connection_name") != "CID-1" ||
		len(welcome.Data("session_key")) != 20 || welcome.Int("timeout") != 20000 || welcome.Int("use_encrypt") != 1 ||
		welcome.Int("max_connection") != 1 || welcome.Int("policy:Access") != 1 || welcome.Int("policy:TimeOut") != 20 {
		t.Errorf("unexpected welcome with %v", welcome.Names())
	}
	sess := session(t, s)
	for _, payload := range []string{"one", "", string(make([]byte, 1500))} {
		c.send(testFrame(payload))
		got, err := c.next()
		if diff := cmp.Diff(echoed(testFrame(payload)), got); diff != "" || err != nil {
			t.Fatalf("error %v, unexpected frame (-want +got):\n%s", err, diff)
		}
	}
	st := sess.Stats()
	if want := uint64(3*14 + 3 + 1500); st.FramesIn != 3 || st.FramesOut != 3 || st.BytesIn != want || st.BytesOut != want {
		t.Errorf("stats %+v, want 3 frames and %d bytes each way", st, want)
	}
	if sess.User() != "anon" || sess.Hub() != "TEST" || !bytes.Equal(sess.Key(), welcome.Data("session_key")) || sess.Conns() != 1 {
		t.Errorf("session of %s at %s with %d connections", sess.User(), sess.Hub(), sess.Conns())
	}
}

func TestKickIsPoliteAndForgetsTheKey(t *testing.T) {
	s := newServer(t)
	c, welcome := login(t, s)
	session(t, s).Kick()
	if _, err := c.next(); err != io.EOF {
		t.Errorf("error %v after a kick, want EOF", err)
	}
	if _, p := attach(t, s, welcome.Data("session_key")); p.Int("error") != 13 {
		t.Errorf("error %d for the key of a kicked session, want 13", p.Int("error"))
	}
}

func TestRecordsTellHowAConnectionEnded(t *testing.T) {
	for want, end := range map[softethertest.End]func(*client){
		softethertest.EndPolite:   func(c *client) { c.conn.Close() },
		softethertest.EndAbrupt:   func(c *client) { c.tcp.Close() },
		softethertest.EndViolated: func(c *client) { c.conn.Write([]byte{0, 0, 0, 1, 0, 0, 0x0c, 0x81}) },
	} {
		t.Run(string(want), func(t *testing.T) {
			s := newServer(t)
			c, _ := login(t, s)
			sess := session(t, s)
			end(c)
			if err := sess.WaitConns(waitCtx(t), 0); err != nil {
				t.Fatal(err)
			}
			if got := s.Records()[0]; got.End != want || !got.SignatureOK || got.TLS == nil || len(got.Packs) != 1 {
				t.Errorf("record %+v, want end %q", got, want)
			}
		})
	}
}

func TestSilentClientIsCut(t *testing.T) {
	s := newServer(t, softethertest.WithTimeout(150*time.Millisecond))
	start := time.Now()
	c, _ := login(t, s)
	for {
		if _, err := c.next(); err != nil {
			if err != io.EOF {
				t.Errorf("error %v, want EOF", err)
			}
			break
		}
	}
	if d := time.Since(start); d < 100*time.Millisecond {
		t.Errorf("cut after %v, want at least 150 ms", d)
	}
	if got := s.Records()[0].End; got != softethertest.EndSilent {
		t.Errorf("end %q, want silent", got)
	}
}

func TestNegotiation(t *testing.T) {
	hub := softethertest.Hub{Name: "TEST", Users: []softethertest.User{
		{Name: "anon", Anonymous: true},
		{Name: "three", Anonymous: true, Policy: map[string]uint32{"MaxConnection": 3, "TimeOut": 7, "NoServer": 1}},
	}}
	s := newServer(t, softethertest.WithHub(hub))
	for _, tt := range []struct {
		name    string
		changes []func(*pack.Pack)
		most    uint32
	}{
		{"nothing", nil, 1},
		{"too many", []func(*pack.Pack){num("max_connection", 99)}, 32},
		{"QoS", []func(*pack.Pack){num("max_connection", 1), num("qos", 1)}, 2},
		{"QoS and half", []func(*pack.Pack){num("max_connection", 1), num("qos", 1), num("half_connection", 1)}, 4},
		{"policy", []func(*pack.Pack){num("max_connection", 8), str("username", "three")}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, p := login(t, s, tt.changes...)
			if p.Int("error") != 0 || p.Int("max_connection") != tt.most {
				t.Errorf("error %d, %d connections, want %d", p.Int("error"), p.Int("max_connection"), tt.most)
			}
		})
	}
	if _, p := login(t, s, str("username", "three")); p.Int("timeout") != 7000 || p.Int("policy:NoServer") != 1 || p.Int("policy:TimeOut") != 7 {
		t.Errorf("timeout %d, policies NoServer %d and TimeOut %d", p.Int("timeout"), p.Int("policy:NoServer"), p.Int("policy:TimeOut"))
	}
}

func TestServerOnAGivenAddressComesBack(t *testing.T) {
	s := softethertest.NewServer()
	addr := s.Addr()
	c, _ := login(t, s)
	s.Crash()
	if _, err := c.next(); err == nil {
		t.Error("a crashed server goes on")
	}
	back := newServer(t, softethertest.WithAddr(addr))
	if _, p := login(t, back); p.Int("error") != 0 {
		t.Errorf("error %d at the server's return", p.Int("error"))
	}
}
