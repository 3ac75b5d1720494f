// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
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
	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/notice"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

func TestMain(m *testing.M) {
	leaktest.Main(m)
}

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
	st := &stage{nm: &heard{}, logged: &written{}}
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
		clock: time.Now,
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

var (
	errWrongPassword = refused(protocol.CodeAuthFailed)
	errUnreachable   = fmt.Errorf("connect: %w", protocol.ErrUnreachable)
	connected        = []string{"state starting", "config se0 via 192.0.2.1", "state started"}
	over             = []string{"state stopping", "state stopped"}
)

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

func TestAWrongPasswordIsAskedForThreeTimes(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.answers = []error{errWrongPassword, errWrongPassword, errWrongPassword, errWrongPassword}
		st.connect(t, true, settings())
		st.expect(t, "state starting", "ask [password]")
		for range 2 {
			if err := st.NewSecrets(settings("!password=other")); err != nil {
				t.Fatal(err)
			}
			st.expect(t, "ask [password]")
		}
		st.NewSecrets(settings("!password=third"))
		st.expect(t, append([]string{"failure: login failed"}, over...)...)
		ended(t, st)
		if got := st.dialled[3].Auth.(protocol.Password).Secret; got != "third" {
			t.Errorf("the last try used %q", got)
		}
	})
}

func TestWithoutInteractionAWrongPasswordEndsAtOnce(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.answers = []error{errWrongPassword}
		st.connect(t, false, settings())
		st.expect(t, append([]string{"state starting", "failure: login failed"}, over...)...)
	})
}

func TestTheCertificateQuestion(t *testing.T) {
	cert, fingerprint := certificate(protocol.CertSelfSigned)
	again := []string{"stored trust-sha256-" + fingerprint + "=no", "ask [trust-sha256-" + fingerprint + "]"}
	for _, tt := range []struct {
		name, answer string
		want         []string
	}{
		{"yes pins the certificate", "!trust-sha256-" + fingerprint + "=yes", []string{"config se0 via 192.0.2.1", "state started"}},
		{"no ends", "!trust-sha256-" + fingerprint + "=no", append([]string{"failure: connect failed"}, over...)},
		{"nein ends", "!trust-sha256-" + fingerprint + "=Nein", append([]string{"failure: connect failed"}, over...)},
		{"a password is no answer", "!trust-sha256-" + fingerprint + "=pw", again},
		{"nothing is no answer", "", again},
		{"yes to another certificate is no answer", "!trust-sha256-" + strings.Repeat("ab", 32) + "=yes", again},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				st.answers = []error{cert}
				st.connect(t, true, settings())
				st.expect(t, "state starting", "ask [trust-sha256-"+fingerprint+"]")
				st.NewSecrets(settings(tt.answer))
				time.Sleep(replyFirst)
				st.expect(t, tt.want...)
				if len(st.dialled) > 1 && hex.EncodeToString(st.dialled[1].Trust.Pin) != fingerprint {
					t.Errorf("dialled with pin %x", st.dialled[1].Trust.Pin)
				}
				st.Disconnect()
			})
		})
	}
}

func TestAChangedPinIsNoQuestion(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		cert, _ := certificate(protocol.CertPinChanged)
		st := newStage(false)
		st.answers = []error{cert}
		st.connect(t, true, settings())
		st.expect(t, append([]string{"state starting", "failure: connect failed"}, over...)...)
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

func TestAnUnusedProcessEnds(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		time.Sleep(100 * time.Second)
		if setting, err := st.NeedSecrets(settings("password-flags=2", "!password=")); setting != "" || err != nil {
			t.Errorf("an empty password is an answer; NeedSecrets said %q, %v", setting, err)
		}
		s := settings()
		s["vpn"]["secrets"] = dbus.MakeVariant(map[string]string{})
		if setting, err := st.NeedSecrets(s); setting != "vpn" || err != nil {
			t.Errorf("NeedSecrets said %q, %v; want vpn", setting, err)
		}
		time.Sleep(idleQuit - time.Second)
		st.expect(t)
		time.Sleep(time.Second)
		st.expect(t, "state stopped")
		ended(t, st)
	})
}

func TestPersistWaitsForAConnectionAndCarriesOne(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(true)
		time.Sleep(10 * idleQuit)
		st.connect(t, true, settings())
		st.expect(t, connected...)
		st.Disconnect()
		st.expect(t, over...)
		ended(t, st)
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

func TestBadProfilesAreRefusedWithTheRightName(t *testing.T) {
	for _, tt := range []struct {
		name     string
		settings nmvpn.Settings
		want     nmvpn.ErrorName
		text     string
	}{
		{"no vpn setting", nmvpn.Settings{}, nmvpn.ErrorInvalidConnection, "vpn"},
		{"a bad port", settings("port=70000"), nmvpn.ErrorBadArguments, "port"},
		{"a control character", settings("hub=A\nB"), nmvpn.ErrorBadArguments, "hub"},
		{"a transport that is none", settings("transport=pigeon"), nmvpn.ErrorBadArguments, "transport"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				if setting, err := st.NeedSecrets(tt.settings); setting != "" || err != nil {
					t.Errorf("NeedSecrets said %q, %v: Connect has the better words", setting, err)
				}
				err := st.Connect(":1.1", tt.settings, true)
				var named *nmvpn.Error
				if !errors.As(err, &named) || named.Name != tt.want || !strings.Contains(named.Text, tt.text) {
					t.Errorf("Connect said %v, want %s with %q", err, tt.want, tt.text)
				}
				st.Disconnect()
				st.expect(t, "state stopped")
			})
		})
	}
}

// A profile that somebody was given, without the name of its user, has not "failed to start".
func TestUnfinishedProfilesFailWithASentence(t *testing.T) {
	for _, key := range []string{"user", "gateway"} {
		for _, ended := range []bool{false, true} {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				var log bytes.Buffer
				st.log = slog.New(slog.NewTextHandler(&log, nil))
				if setting, err := st.NeedSecrets(settings(key + "=")); setting != "" || err != nil {
					t.Errorf("NeedSecrets said %q, %v", setting, err)
				}
				if err := st.Connect(":1.1", settings(key+"="), true); err != nil {
					t.Fatal(err)
				}
				if ended { // at once, by NetworkManager
					st.Disconnect()
					st.expect(t, "state starting", "failure: connect failed", "state stopping", "state stopped")
					return
				}
				time.Sleep(time.Second)
				st.expect(t, "state starting", "failure: connect failed", "state stopping", "state stopped")
				if told := st.nm.told; len(told) != 1 || told[0].Event != notice.Failed || told[0].Reason != notice.Settings || told[0].UUID == "" {
					t.Errorf("people were told %+v", told)
				}
				if !strings.Contains(log.String(), key+" is not set") {
					t.Errorf("the log says nothing: %s", &log)
				}
			})
		}
	}
}
