// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/notice"
)

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
