// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
)

func TestMain(m *testing.M) {
	leaktest.Main(m)
}

var (
	errWrongPassword = refused(protocol.CodeAuthFailed)
	errUnreachable   = fmt.Errorf("connect: %w", protocol.ErrUnreachable)
	connected        = []string{"state starting", "config se0 via 192.0.2.1", "state started"}
	over             = []string{"state stopping", "state stopped"}
)

func TestAConnectionComesUpAndGoesDown(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings())
		st.expect(t, connected...)
		if !st.confined {
			t.Error("the rights were kept")
		}
		if err := st.Connect(":1.1", settings(), true); err == nil {
			t.Error("a second Connect was taken")
		}
		if err := st.Disconnect(); err != nil {
			t.Error(err)
		}
		st.expect(t, over...)
		ended(t, st)
		if !errors.Is(st.session.err, protocol.ErrClosed) {
			t.Error("the session was not closed")
		}
		select {
		case <-st.tap.Closed():
		default:
			t.Error("the TAP was not closed")
		}
		var named *nmvpn.Error
		if err := st.Disconnect(); !errors.As(err, &named) || named.Name != nmvpn.ErrorAlreadyStopped {
			t.Errorf("a late Disconnect got %v, want AlreadyStopped", err)
		}
	})
}

func TestALostSessionComesBackWithoutAWordToNetworkManager(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings())
		st.expect(t, connected...)
		first := st.session
		st.answers = []error{errUnreachable, errUnreachable}
		first.die(protocol.ErrLost)
		time.Sleep(10 * time.Second)
		st.expect(t)
		if st.session == first || len(st.dialled) != 4 {
			t.Errorf("%d dials, want 4", len(st.dialled))
		}
		select {
		case <-st.tap.Closed():
			t.Error("the TAP was closed")
		default:
		}
		st.Disconnect()
	})
}

func TestAfterARefusedLoginThereIsNoFurtherAttempt(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings())
		st.expect(t, connected...)
		st.answers = []error{errUnreachable, errWrongPassword}
		st.session.die(protocol.ErrLost)
		time.Sleep(time.Hour)
		st.expect(t, append([]string{"failure: login failed"}, over...)...)
		if len(st.dialled) != 3 {
			t.Errorf("%d dials, want 3", len(st.dialled))
		}
	})
}

func TestReconnectAttemptsAreCounted(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings("reconnect-attempts=2"))
		st.expect(t, connected...)
		st.answers = []error{errUnreachable, errUnreachable, errUnreachable}
		st.session.die(protocol.ErrLost)
		time.Sleep(time.Hour)
		st.expect(t, append([]string{"failure: connect failed"}, over...)...)
		if len(st.dialled) != 3 {
			t.Errorf("%d dials, want the first and 2 more", len(st.dialled))
		}
	})
}

func TestDisconnectInEveryPhase(t *testing.T) {
	cert, fingerprint := certificate(protocol.CertUntrusted)
	for _, tt := range []struct {
		phase phase
		reach func(*stage)
		want  []string
	}{
		{idle, func(*stage) {}, []string{"state stopped"}},
		{
			connecting, func(st *stage) { st.hang = true; st.connect(t, true, settings()) },
			append([]string{"state starting", "failure: connect failed"}, over...),
		},
		{
			asking, func(st *stage) { st.answers = []error{cert}; st.connect(t, true, settings()) },
			append([]string{"state starting", "ask [trust-sha256-" + fingerprint + "]", "failure: connect failed"}, over...),
		},
		{up, func(st *stage) { st.connect(t, true, settings()) }, append(append([]string{}, connected...), over...)},
		{
			reconnecting, func(st *stage) { st.connect(t, true, settings()); synctest.Wait(); st.session.die(protocol.ErrLost) },
			append(append([]string{}, connected...), over...),
		},
	} {
		t.Run(tt.phase.String(), func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				tt.reach(st)
				synctest.Wait()
				if st.phase != tt.phase {
					t.Fatalf("phase %v, want %v", st.phase, tt.phase)
				}
				if err := st.Disconnect(); err != nil {
					t.Error(err)
				}
				st.expect(t, tt.want...)
				ended(t, st)
			})
		})
	}
}

func TestWhatElseEndsAConnection(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*stage)
		want []string
	}{
		{"the TAP is deleted", func(st *stage) { st.tap.Vanish() }, append([]string{"failure: connect failed"}, over...)},
		{"NetworkManager crashes", func(st *stage) { st.nm.gone() }, over},
		{
			"policy ends the session", func(st *stage) { st.session.die(refused(protocol.CodeAutoDisconnected)) },
			append([]string{"failure: connect failed"}, over...),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				st.connect(t, true, settings())
				st.expect(t, connected...)
				tt.do(st)
				st.expect(t, tt.want...)
				ended(t, st)
			})
		})
	}
}

func TestTheWatchdogIsPatientButThere(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.hang = true
		s := settings()
		s["vpn"]["timeout"] = dbus.MakeVariant(uint32(3))
		st.connect(t, true, s)
		time.Sleep(3*time.Second + watchdogGrace - time.Millisecond)
		st.expect(t, "state starting")
		time.Sleep(time.Millisecond)
		st.expect(t, append([]string{"failure: connect failed"}, over...)...)
	})
}

func TestAConnectionThatCannotGiveUpItsRightsIsNone(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.refuse = errors.New("no")
		st.connect(t, true, settings())
		st.expect(t, append([]string{"state starting", "failure: connect failed"}, over...)...)
		if len(st.dialled) != 0 {
			t.Error("a server was dialled all the same")
		}
		select {
		case <-st.tap.Closed():
		default:
			t.Error("the TAP was not closed")
		}
	})
}

func TestTheTAPOfARefusedLoginServesTheNext(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.answers = []error{errWrongPassword}
		st.connect(t, true, settings())
		st.expect(t, "state starting", "ask [password]")
		tap := st.tap
		st.NewSecrets(settings("!password=other"))
		st.expect(t, connected[1:]...)
		if st.tap.Device != tap.Device {
			t.Error("a second TAP was opened, for which there is no right")
		}
		st.Disconnect()
	})
}
