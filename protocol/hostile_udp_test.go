// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// TestHostileUDP has somebody on the way repeat and forge the server's packets. Each
// frame arrives once and none that the server did not send; what is refused is counted
// by its reason. The session goes on: nobody without its keys can end it. It does not run
// beside other tests, whose memory would count as its own.
func TestHostileUDP(t *testing.T) {
	for name, tt := range map[string]struct {
		attack  func() func([]byte, func([]byte))
		refused string // what the log says about it
	}{
		"replayed": {Replay, "replayed"},
		"forged":   {Forge, "not genuine"},
		"swallowed": {func() func([]byte, func([]byte)) {
			return func([]byte, func([]byte)) {}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			grant, _ := overUDP(2, func(u *UDP) { u.OnTheWay = tt.attack() })
			srv := start(t, grant)
			cfg := alice(srv)
			cfg.UDP = protocol.UDPYes
			log := logged(cfg)
			s := dial(t, cfg)
			var mu sync.Mutex
			times := map[uint32]int{}
			s.Start(func(frames [][]byte) {
				mu.Lock()
				defer mu.Unlock()
				for _, f := range frames {
					times[number(f)]++
				}
			})
			sess := theSession(t, srv)
			if tt.refused != "" {
				for ctx := within(t); !sess.UDPUsable(); time.Sleep(time.Millisecond) {
					if ctx.Err() != nil {
						t.Fatal("UDP never worked")
					}
				}
			}
			used := memory()
			// Over a socket that overflows some get lost, on a busy computer most.
			const enough = 2500
			frames, arrived := uint32(0), 0
			for ctx := within(t); arrived < enough; time.Sleep(time.Millisecond) {
				if ctx.Err() != nil {
					t.Fatalf("%d frames arrived, sent were %d", arrived, frames)
				}
				for range 20 {
					frames++
					if err := sess.WriteFrames([][]byte{numbered(200, frames)}); err != nil {
						t.Fatal(err)
					}
				}
				mu.Lock()
				arrived = len(times)
				mu.Unlock()
			}
			if grown := memory() - used; grown > 16<<20 {
				t.Errorf("memory grew by %d bytes", grown)
			}
			if s.Err() != nil {
				t.Errorf("session ended: %v", s.Err())
			}
			s.Close()
			mu.Lock()
			defer mu.Unlock()
			for n, k := range times {
				if k != 1 || n == 0 || n > frames {
					t.Errorf("frame %d arrived %d times", n, k)
				}
			}
			out := sess.Stats().FramesOutUDP
			if tt.refused == "" {
				if out > 0 {
					t.Errorf("%d frames went over UDP, whose packets are swallowed", out)
				}
			} else if said := log.String(); out == 0 || !strings.Contains(said, tt.refused) {
				t.Errorf("%d frames went over UDP, and the log does not say %q: %s", out, tt.refused, said)
			}
		})
	}
}
