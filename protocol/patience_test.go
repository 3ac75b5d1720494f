// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// A server that asks RADIUS may have to wait until somebody presses a button on a
// telephone. Servers up to 5.01 are silent meanwhile, newer ones say so all the time
// (softether-protocol.md 3.4).
func TestALoginWaitsForAConfirmationOnTheTelephone(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answer  time.Duration
		accept  bool
		options []Option
		want    error
	}{
		{"25 s of silence", 25 * time.Second, true, nil, nil},
		{"25 s of silence, then no", 25 * time.Second, false, nil, &protocol.ServerError{Code: protocol.CodeAuthFailed}},
		{"75 s of 5.02, with a sign of life every 3 s", 75 * time.Second, true, []Option{As502()}, nil},
		{"75 s of 5.02, then no", 75 * time.Second, false, []Option{As502()}, &protocol.ServerError{Code: protocol.CodeAuthFailed}},
		{"100 s of 5.02, more than it may take", 100 * time.Second, true, []Option{As502()}, protocol.ErrMalformed},
		{"silence for ever", time.Hour, true, nil, protocol.ErrTimeout},
		{"signs of life for ever", time.Second, true, []Option{As502(), WithNoops(1000, 5*time.Second)}, protocol.ErrTimeout},
		{"too many signs of life", time.Second, true, []Option{As502(), WithNoops(1000, time.Second)}, protocol.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				_, cfg := inMemory(t, append(tt.options, WithHub(Hub{Name: "TEST", Users: []User{{
					Name: "carol",
					External: func(_, password string) bool {
						time.Sleep(tt.answer)
						return tt.accept && password == "pa55"
					},
				}}}))...)
				cfg.User, cfg.Auth = "carol", protocol.PlainPassword{Secret: "pa55"}
				s, err := protocol.Dial(t.Context(), cfg)
				if err == nil {
					s.Close()
				}
				var got, want *protocol.ServerError
				if errors.As(tt.want, &want) {
					if !errors.As(err, &got) || got.Code != want.Code {
						t.Errorf("error %v, want code %d", err, want.Code)
					}
				} else if !errors.Is(err, tt.want) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
			})
		})
	}
}

// TestOnlyALoginMayTakeLong: signs of life do not prolong what needs nobody's
// confirmation, the hello and the answer to an additional connection.
func TestOnlyALoginMayTakeLong(t *testing.T) {
	for _, step := range []Step{StepHello, StepAttach} {
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				srv, cfg := inMemory(t, WithFault(step, Noops(20, 5*time.Second)))
				cfg.MaxConnections = 2
				began := time.Now()
				s, err := protocol.Dial(t.Context(), cfg)
				if step == StepHello {
					if took := time.Since(began); !errors.Is(err, protocol.ErrTimeout) || took > 16*time.Second {
						t.Errorf("error %v after %v, want %v after 15 s", err, took, protocol.ErrTimeout)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				s.Start(func([][]byte) {})
				time.Sleep(25 * time.Second) // 1 s until the attempt, 15 s for it; the server sees the end when it speaks again
				synctest.Wait()
				if all := srv.Records(); len(all) < 2 || all[1].End == EndOpen {
					t.Errorf("%d connections, want the second one given up", len(all))
				}
			})
		})
	}
}
