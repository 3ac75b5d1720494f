// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/bubbletest"
)

func (st *stage) expectLog(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(want, st.logged.lines); diff != "" {
		t.Errorf("the log at NetworkManager's own level (-want +got):\n%s", diff)
	}
}

func TestLogTellsTheStoryOfAConnection(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, settings())
		synctest.Wait()
		if about := st.about.fields(); about["NM_CONNECTION"] != "6f4e1c2a-0000-4000-8000-000000000001" || about["NM_DEVICE"] != "se0" {
			t.Errorf("lines are about %v", about)
		}
		st.answers = []error{errUnreachable}
		st.session.die(errors.New("reset"))
		time.Sleep(time.Minute)
		if err := st.Disconnect(); err != nil {
			t.Error(err)
		}
		const facts = "(profile=Work server=192.0.2.1:443 hub=HUB cipher=0x0000 device=se0)"
		synctest.Wait()
		lines := st.logged.lines
		if len(lines) != 5 {
			t.Fatalf("%q", lines)
		}
		for i, want := range []string{"5 connected " + facts, "4 session lost, logging in again: reset", "4 could not reconnect (attempt=1", "5 connected again, after ", "5 disconnecting, as NetworkManager asked (was=up)"} {
			if len(lines[i]) < len(want) || lines[i][:len(want)] != want {
				t.Errorf("line %d is %q, want %q", i, lines[i], want)
			}
		}
	})
}

func TestAFailureIsOneLineWithTheRemedy(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.answers = []error{errUnreachable}
		st.connect(t, false, settings())
		st.expectLog(t, `3 VPN connection failed (reason="connect failed" profile=Work server=vpn.example:443 hub=HUB user=alice): `+
			`connect: server unreachable; remedy: `+st.remedy(errUnreachable))
	})
}

// Whatever a connection fails at, what is odd about its profile was said, and once.
func TestWarningsComeBeforeTheFailureAndOnce(t *testing.T) {
	const odd = "4 profile: gatewy: unknown key, ignored; did you mean gateway?"
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		s := settings("gatewy=x")
		for range 3 {
			if _, err := st.NeedSecrets(s); err != nil {
				t.Error(err)
			}
		}
		st.expectLog(t, odd)
		st.answers = []error{errUnreachable}
		st.connect(t, false, s)
		synctest.Wait()
		if n := len(st.logged.lines); n != 2 || st.logged.lines[0] != odd {
			t.Errorf("%q", st.logged.lines)
		}
	})
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		if err := st.Connect(":1.1", settings("gatewy=x", "port=99999"), false); err == nil {
			t.Error("port 99999 was taken")
		}
		st.expectLog(t, odd, `3 VPN connection failed: the profile is not usable: bad value "99999" of port: must be a number from 1 to 65535`)
		if err := st.Disconnect(); err != nil {
			t.Error(err)
		}
	})
}

func TestNobodyToAskIsAFailureWithARemedy(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *stage){
		"NetworkManager gives up": func(t *testing.T, st *stage) {
			if err := st.Disconnect(); err != nil {
				t.Error(err)
			}
		},
		"nobody comes": func(*testing.T, *stage) { time.Sleep(2 * idleQuit) },
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				s := settings("password-flags=2")
				delete(s["vpn"], "secrets")
				if setting, err := st.NeedSecrets(s); setting != "vpn" || err != nil {
					t.Fatal(setting, err)
				}
				end(t, st)
				st.expectLog(t, `3 VPN connection failed: nobody could be asked for password; remedy: nmcli --ask connection up "Work", or store it: nmcli connection modify "Work" vpn.secrets password=...`)
			})
		})
	}
}
