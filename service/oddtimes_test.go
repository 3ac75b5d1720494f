// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
)

func TestTheTAPIsDeletedWhileThereIsNoSession(t *testing.T) {
	for _, tt := range []struct {
		name string
		hang bool // an attempt to log in again is under way
	}{{"between attempts", false}, {"during an attempt", true}} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				st.connect(t, true, settings())
				st.expect(t, connected...)
				st.hang = tt.hang
				st.session.die(protocol.ErrLost)
				synctest.Wait()
				if tt.hang {
					time.Sleep(2 * shortestPause)
				}
				st.tap.Vanish()
				st.expect(t, append([]string{"failure: connect failed"}, over...)...)
				ended(t, st)
			})
		})
	}
}

func TestAnAnswerThatNobodyAskedForIsRefused(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		refused := func(when string) {
			t.Helper()
			var named *nmvpn.Error
			if err := st.NewSecrets(settings("!password=other")); !errors.As(err, &named) || named.Name != nmvpn.ErrorWrongState {
				t.Errorf("%s, NewSecrets got %v, want WrongState", when, err)
			}
		}
		refused("before Connect")
		st.answers = []error{errWrongPassword}
		st.connect(t, true, settings())
		st.expect(t, "state starting", "ask [password]")
		if err := st.NewSecrets(settings("!password=other", "port=70000")); err == nil || !strings.Contains(err.Error(), "port") {
			t.Errorf("secrets with a bad profile got %v", err)
		}
		st.hang = true
		if err := st.NewSecrets(settings("!password=other")); err != nil {
			t.Errorf("the question was not open any more: %v", err)
		}
		refused("with an answer under way")
		st.Disconnect()
		if len(st.dialled) != 2 || st.dialled[1].Auth != (protocol.Password{Secret: "other"}) {
			t.Errorf("%d dials", len(st.dialled))
		}
	})
}

// NetworkManager has to know, as its route to the server is for one address.
func TestAServerReachedAtAnotherAddressIsTold(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings())
		st.expect(t, connected...)
		st.dialled[0].Notify(protocol.Detached{Err: protocol.ErrLost})
		st.dialled[0].Notify(protocol.Reattached{Addr: serverAddr})
		st.expect(t) // where it was
		st.session.info.ServerAddr = netip.MustParseAddrPort("192.0.2.2:443")
		st.dialled[0].Notify(protocol.Reattached{Addr: st.session.info.ServerAddr})
		st.expect(t, "config se0 via 192.0.2.2")
		st.Disconnect()
		st.dialled[0].Notify(protocol.Reattached{Addr: serverAddr}) // too late to matter
		st.expect(t, over...)
	})
}

func TestAnEndAfterTheEndIsNoNews(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings())
		st.expect(t, connected...)
		st.tap.Vanish()
		st.session.die(protocol.ErrLost)
		st.nm.gone()
		st.Disconnect()
		synctest.Wait()
		lines := st.nm.take()
		if n := strings.Count(strings.Join(lines, "\n"), "state stopped"); n != 1 || lines[len(lines)-1] != "state stopped" {
			t.Errorf("NetworkManager heard %q", lines)
		}
	})
}

func TestAnAttemptThatSucceedsAsItIsInterruptedHasAName(t *testing.T) {
	r := &running{cancel: func() {}, ended: make(chan error, 1)}
	r.ended <- nil
	if err := r.stuckAt(); err == nil {
		t.Error("the log would say <nil>")
	}
}

// A server with a new certificate is looked for again, but only a person can help.
func TestEveryFailedReconnectIsLoggedWithARemedy(t *testing.T) {
	cert, _ := certificate(protocol.CertPinChanged)
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		var log bytes.Buffer
		st.log = slog.New(slog.NewTextHandler(&log, nil))
		st.connect(t, true, settings())
		st.expect(t, connected...)
		st.answers = []error{cert}
		st.session.die(protocol.ErrLost)
		time.Sleep(2 * shortestPause)
		st.expect(t)
		st.Disconnect()
		if !strings.Contains(log.String(), "set server-cert-sha256="+cert.Fingerprint()) {
			t.Errorf("no remedy in the log:\n%s", &log)
		}
	})
}
