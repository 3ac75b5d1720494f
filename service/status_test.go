// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"os/user"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

// who asks; the bus knows callers by these uids.
var callers = map[string]uint32{":root": 0, ":alice": 1000, ":bob": 1001}

func statusOf(c *connection) *status {
	return &status{c: c, uid: func(sender string) (uint32, error) {
		uid, ok := callers[sender]
		if !ok {
			return 0, dbus.NewError("org.freedesktop.DBus.Error.NameHasNoOwner", nil)
		}
		return uid, nil
	}}
}

func TestStatusShowsAConnectionToThoseWhoMaySeeItsProfile(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		s := statusOf(st.connection)
		if _, err := s.GetAll(":root", profile.StatusInterface); err == nil || err.Name != notConnected {
			t.Errorf("before Connect: %v", err)
		}
		st.connect(t, false, settings())
		synctest.Wait()
		st.session.live = protocol.Live{Connections: 1, UDP: protocol.UDPReserve, UDPVersion: 2}
		st.session.info.ServerProduct = "a product\x00\xff"

		for _, sender := range []dbus.Sender{":root", ":alice", ":bob"} {
			facts, err := s.GetAll(sender, profile.StatusInterface)
			if err != nil {
				t.Fatalf("%s: %v", sender, err)
			}
			for name, want := range map[string]any{
				"Id": "Work", "Server": "vpn.example:443", "Hub": "HUB", "User": "alice", "Interface": "se0", "Phase": "up",
				"ServerAddress": serverAddr.String(), "Udp": "reserve", "TcpConnections": uint32(1), "ServerProduct": "a product�",
				"NewLogins": uint32(0), "SentBytes": uint64(0),
			} {
				if got := facts[name].Value(); got != want {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
		}
		do(st, func(c *connection) { c.profile.Users, c.owners = []string{"alice"}, []uint32{1000} })
		for sender, want := range map[dbus.Sender]string{":root": "", ":alice": "", ":bob": accessDenied, ":gone": accessDenied} {
			_, err := s.Get(sender, profile.StatusInterface, "Server")
			if got := nameOf(err); got != want {
				t.Errorf("%s may read: %q, want %q", sender, got, want)
			}
		}
		// A user that could not be looked up is not everybody.
		do(st, func(c *connection) { c.owners = nil })
		if _, err := s.GetAll(":alice", profile.StatusInterface); nameOf(err) != accessDenied {
			t.Errorf("without owners: %v", err)
		}
		st.Disconnect()
		synctest.Wait()
		if _, err := s.GetAll(":root", profile.StatusInterface); nameOf(err) != notConnected {
			t.Errorf("after Disconnect: %v", err)
		}
	})
}

func TestStatusSpeaksOfALostSessionAndCountsWhatItOvercame(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		s := statusOf(st.connection)
		st.connect(t, false, settings())
		synctest.Wait()
		lost := st.session
		lost.die(errUnreachable)
		synctest.Wait()
		facts, err := s.GetAll(":root", profile.StatusInterface)
		if err != nil {
			t.Fatal(err)
		}
		if _, alive := facts["Since"]; facts["Phase"].Value() != "reconnecting" || alive {
			t.Errorf("while reconnecting: %v", facts)
		}
		time.Sleep(2 * shortestPause)
		synctest.Wait()
		facts, err = s.GetAll(":root", profile.StatusInterface)
		if err != nil || facts["Phase"].Value() != "up" || facts["NewLogins"].Value() != uint32(1) {
			t.Errorf("after a new login: %v, %v", facts, err)
		}
		st.Disconnect()
		synctest.Wait()
	})
}

func TestStatusIsReadOnlyAndHasOneInterface(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		s := statusOf(st.connection)
		st.connect(t, false, settings())
		synctest.Wait()
		if err := s.Set(profile.StatusInterface, "Server", dbus.MakeVariant("x")); nameOf(err) != readOnly {
			t.Errorf("Set: %v", err)
		}
		if _, err := s.Get(":root", profile.StatusInterface, "Password"); nameOf(err) != unknownProperty {
			t.Errorf("an unknown property: %v", err)
		}
		if _, err := s.GetAll(":root", "org.example"); nameOf(err) != unknownInterface {
			t.Errorf("another interface: %v", err)
		}
		facts, _ := s.GetAll(":root", profile.StatusInterface)
		for name, v := range facts {
			if strings.Contains(v.String(), "pw") {
				t.Errorf("%s shows the password: %v", name, v)
			}
		}
		st.Disconnect()
		synctest.Wait()
	})
}

func TestUsersOfAProfileAreLookedUp(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	got := uidsOf([]string{"nobody-of-that-name", me.Username}, slog.New(slog.DiscardHandler))
	if len(got) != 1 {
		t.Errorf("uids %v, want one", got)
	}
}

func nameOf(err *dbus.Error) string {
	if err == nil {
		return ""
	}
	return err.Name
}

// do runs f in the loop.
func do(st *stage, f func(*connection)) {
	_ = st.call(func() error { f(st.connection); return nil })
}

// Every user may ask, as often as the bus takes it: what cannot be answered yet is refused and not kept.
func TestAFloodOfQuestionsIsNotKept(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, false, settings())
		s := statusOf(st.connection)
		answers := make(chan struct{})
		s.uid = func(string) (uint32, error) { <-answers; return 0, nil }
		refused := make(chan bool, 100)
		for range cap(refused) {
			go func() {
				_, err := s.GetAll(":bob", profile.StatusInterface)
				refused <- nameOf(err) == limitsExceeded
			}()
		}
		synctest.Wait()
		if kept := cap(refused) - len(refused); kept != mostAsking {
			t.Errorf("%d questions wait for an answer, want %d", kept, mostAsking)
		}
		close(answers)
		synctest.Wait()
		if _, err := s.GetAll(":bob", profile.StatusInterface); err != nil {
			t.Errorf("after the flood: %v", err)
		}
		st.Disconnect()
		synctest.Wait()
	})
}
