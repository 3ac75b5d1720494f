// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"network-manager-softether/protocol"
)

func refused(code protocol.ErrorCode) error {
	return fmt.Errorf("login: %w", &protocol.ServerError{Code: code})
}

func TestPausesBetweenAttempts(t *testing.T) {
	unreachable := fmt.Errorf("connect: %w", protocol.ErrUnreachable)
	hubOffline, protocolError := refused(protocol.CodeHubStopping), refused(protocol.CodeProtocolError)
	certificate := &protocol.CertificateError{Reason: protocol.CertUntrusted}
	for _, tt := range []struct {
		name     string
		interval time.Duration
		errs     []error
		want     []time.Duration // at least; at most an eighth more
	}{
		{
			"an unreachable server is knocked at every 5 s at the latest", 15 * time.Second,
			[]error{unreachable, unreachable, unreachable, unreachable, unreachable, unreachable, unreachable},
			seconds(1, 2, 3, 4, 5, 5, 5),
		},
		{
			"a server that refuses has the interval, after three quick ones", 15 * time.Second,
			[]error{protocolError, protocolError, protocolError, protocolError, protocolError},
			seconds(2, 3, 5, 15, 15),
		},
		{
			"a hub that stays offline, or full, has a minute in the end", 15 * time.Second,
			[]error{hubOffline, hubOffline, hubOffline, hubOffline, hubOffline, hubOffline, hubOffline, hubOffline},
			seconds(2, 3, 5, 15, 20, 40, 60, 60),
		},
		{
			"a long interval is kept also then", 300 * time.Second,
			[]error{hubOffline, hubOffline, hubOffline, hubOffline},
			seconds(2, 3, 5, 300),
		},
		{
			"a short interval doubles", 5 * time.Second,
			[]error{hubOffline, hubOffline, hubOffline, hubOffline, hubOffline},
			seconds(2, 3, 5, 10, 20),
		},
		{
			"a wrong certificate has the interval", 15 * time.Second,
			[]error{certificate, certificate},
			seconds(15, 15),
		},
		{"never faster than a second", 15 * time.Second, []error{unreachable}, seconds(1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &retry{}
			for i, err := range tt.errs {
				l.attempts++
				got := l.pause(err, tt.interval)
				if got < tt.want[i] || got > tt.want[i]*9/8 {
					t.Errorf("pause %d is %v, want %v and at most an eighth more", i+1, got, tt.want[i])
				}
			}
		})
	}
}

func seconds(n ...int) []time.Duration {
	var d []time.Duration
	for _, s := range n {
		d = append(d, time.Duration(s)*time.Second)
	}
	return d
}

func TestWhatEndsAConnectionForGood(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{refused(protocol.CodeAuthFailed), true}, // an account could be locked
		{refused(protocol.CodeAccessDenied), true},
		{refused(protocol.CodeAutoDisconnected), true},
		{errors.Join(errTAPGone), true},
		{refused(protocol.CodeHubStopping), false},
		{refused(protocol.CodeHubNotFound), false}, // a server that is just starting
		{refused(protocol.CodeSessionTimeout), false},
		{protocol.ErrUnreachable, false},
		{&protocol.CertificateError{}, false},
	} {
		if got := final(tt.err); got != tt.want {
			t.Errorf("final(%v) is %v", tt.err, got)
		}
	}
}
