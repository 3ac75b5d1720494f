// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/notice"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

// heard is NetworkManager: it writes down what it is told.
type heard struct {
	mu    sync.Mutex
	lines []string
	told  []notice.Notice
	gone  func() // ends the peer
}

func (h *heard) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

// take returns what was heard since the last take.
func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := h.lines
	h.lines = nil
	return lines
}

func (h *heard) StateChanged(s nmvpn.State) { h.note("state %v", s) }
func (h *heard) Failure(f nmvpn.Failure)    { h.note("failure: %v", f) }
func (h *heard) Config(c nmvpn.Config)      { h.note("config %s via %v", c.TunDev, c.Gateway) }
func (h *heard) IP4Config(c nmvpn.IPConfig) { h.note("ip4 %v", c) }
func (h *heard) IP6Config(c nmvpn.IPConfig) { h.note("ip6 %v", c) }
func (h *heard) SecretsRequired(message string, hints []string) {
	h.note("ask %v", hints)
}

func (h *heard) Notice(n notice.Notice) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, n)
}

func (h *heard) Close() error { return nil }

func (h *heard) ReplaceSecret(_, name, value string, _ map[string]string) error {
	h.note("stored %s=%s", name, value)
	return nil
}

func (h *heard) WatchPeer(_ string, gone func()) func() {
	h.gone = gone
	return func() {}
}

// fakeSession is a session that only lives and dies.
type fakeSession struct {
	info protocol.Info
	live protocol.Live
	done chan struct{}
	once sync.Once
	err  error

	moves []bool // what Move was told, as far as a test has not looked at it
	move  int    // the number of the last one
}

func (s *fakeSession) Info() protocol.Info     { return s.info }
func (s *fakeSession) Live() protocol.Live     { return s.live }
func (s *fakeSession) Start(func([][]byte))    {}
func (s *fakeSession) Send(*frame.Batch) error { return nil }
func (s *fakeSession) Done() <-chan struct{}   { return s.done }
func (s *fakeSession) Err() error              { return s.err }
func (s *fakeSession) Close() error            { s.die(protocol.ErrClosed); return nil }
func (s *fakeSession) Move(alive bool) int {
	s.moves = append(s.moves, alive)
	s.move++
	return s.move
}

func (s *fakeSession) die(err error) { s.once.Do(func() { s.err = err; close(s.done) }) }

type fakeTAP struct {
	*tapbridgetest.Device
	mac net.HardwareAddr
}

func (t fakeTAP) Name() string          { return "se0" }
func (t fakeTAP) SetCarrier(bool) error { return nil }
func (t fakeTAP) Index() int            { return 1 }
func (t fakeTAP) MAC() net.HardwareAddr { return t.mac }

// stage is a connection with a world that answers as a test says.
type stage struct {
	*connection
	nm      *heard
	logged  *written // at NetworkManager's own log level
	answers []error  // of the next dials; then they succeed
	dialled []*protocol.Config
	session *fakeSession // the last
	tap     fakeTAP
	hang    bool // dials wait for their context

	confined bool
	held     string // the interface that has every address
	refuse   error  // of confine
}

var serverAddr = netip.MustParseAddrPort("192.0.2.1:443")

func newStage(persist bool) *stage {
	st, began := &stage{nm: &heard{}, logged: &written{}}, time.Now()
	st.connection = newConnection(slog.New(newLineHandler(levelNotice, st.logged)), new(subject), system{
		dial: func(ctx context.Context, cfg *protocol.Config) (session, error) {
			if !st.confined {
				panic("a server is heard with all rights")
			}
			dialled := *cfg // as the protocol keeps it: the secrets are taken out of cfg
			st.dialled = append(st.dialled, &dialled)
			if st.hang {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			if len(st.answers) > 0 {
				err := st.answers[0]
				st.answers = st.answers[1:]
				if err != nil {
					return nil, err
				}
			}
			st.session = &fakeSession{done: make(chan struct{}), info: protocol.Info{ServerAddr: serverAddr, MaxConnections: 1}}
			return st.session, nil
		},
		openTAP: func(cfg tapbridge.TAPConfig) (tap, error) {
			st.tap = fakeTAP{tapbridgetest.NewDevice(4), cfg.MAC}
			return st.tap, nil
		},
		confine:          func(*slog.Logger) error { st.confined = true; return st.refuse },
		heldBy:           func(string, netip.Addr) string { return st.held },
		ownMAC:           func(string, net.HardwareAddr) bool { return false },
		readSurroundings: func(_ string, server netip.Addr) surroundings { return surroundings{server: server} },
		sweep:            func(*slog.Logger) {},
		editProfiles: func() (profileEditor, error) {
			if st.confined {
				panic("a profile would be changed without privileges")
			}
			return st.nm, nil
		},
		clock: func() time.Duration { return time.Since(began) },
	}, persist)
	st.connection.nm = st.nm
	go st.run()
	return st
}

func (st *stage) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(want, st.nm.take()); diff != "" {
		t.Errorf("NetworkManager heard (-want +got):\n%s", diff)
	}
}

// settings are those of a profile with its own address, so that nothing is waited for
// inside the tunnel. Change is key=value for vpn.data, or !key=value for a secret.
func settings(change ...string) nmvpn.Settings {
	data := map[string]string{"gateway": "vpn.example", "hub": "HUB", "user": "alice"}
	secrets := map[string]string{"password": "pw"}
	for _, c := range change {
		k, v, _ := strings.Cut(c, "=")
		if s, ok := strings.CutPrefix(k, "!"); ok {
			secrets[s] = v
		} else {
			data[k] = v
		}
	}
	return nmvpn.Settings{
		"connection": {"id": dbus.MakeVariant("Work"), "uuid": dbus.MakeVariant("6f4e1c2a-0000-4000-8000-000000000001")},
		"vpn":        {"data": dbus.MakeVariant(data), "secrets": dbus.MakeVariant(secrets)},
		"ipv4":       {"method": dbus.MakeVariant("manual")},
		"ipv6":       {"method": dbus.MakeVariant("disabled")},
	}
}

func (st *stage) connect(t *testing.T, interactive bool, s nmvpn.Settings) {
	t.Helper()
	if err := st.Connect(":1.1", s, interactive); err != nil {
		t.Fatal(err)
	}
}

func certificate(reason protocol.CertReason) (*protocol.CertificateError, string) {
	leaf := &x509.Certificate{Raw: []byte("a certificate")}
	sum := sha256.Sum256(leaf.Raw)
	return &protocol.CertificateError{Host: "vpn.example", Leaf: leaf, SHA256: sum, Reason: reason}, hex.EncodeToString(sum[:])
}

func ended(t *testing.T, st *stage) {
	t.Helper()
	select {
	case <-st.gone:
	default:
		t.Error("the process would not end")
	}
}
