// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/internal/bubbletest"
)

func rebooted(ctx context.Context, c *Client, l *Lease) <-chan acquired {
	done := make(chan acquired, 1)
	began := time.Now()
	go func() {
		l, err := c.Reboot(ctx, l)
		done <- acquired{l, err, time.Since(began)}
	}()
	return done
}

func TestReboot(t *testing.T) {
	other := netip.MustParseAddr("192.168.30.2")
	fromOther := with(optServerID, other.AsSlice())
	for name, tc := range map[string]struct {
		answers func(s *server, first heard)
		want    error // nil: the lease is confirmed
		within  time.Duration
	}{
		"confirmed":            {func(s *server, m heard) { s.reply(m, dhcpv4.MessageTypeAck) }, nil, time.Millisecond},
		"confirmed by another": {func(s *server, m heard) { s.reply(m, dhcpv4.MessageTypeAck, fromOther) }, nil, time.Millisecond},
		"refused":              {func(s *server, m heard) { s.reply(m, dhcpv4.MessageTypeNak) }, ErrNAK, time.Millisecond},
		"refused by another":   {func(s *server, m heard) { s.reply(m, dhcpv4.MessageTypeNak, fromOther) }, ErrNAK, time.Second},
		"another knows less": {func(s *server, m heard) {
			s.reply(m, dhcpv4.MessageTypeNak, fromOther)
			s.reply(m, dhcpv4.MessageTypeAck)
		}, nil, time.Millisecond},
		"another address":          {func(s *server, m heard) { s.reply(m, dhcpv4.MessageTypeAck, withAddr("192.168.30.11")) }, ErrNoAnswer, 2 * time.Second},
		"silence":                  {func(*server, heard) {}, ErrNoAnswer, 2 * time.Second},
		"only the second is heard": {func(s *server, m heard) { s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck) }, nil, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				s, c := newServer(t)
				done := rebooted(t.Context(), c, leased())
				m := s.expect(dhcpv4.MessageTypeRequest)
				if _, named := m.Options[optServerID]; named || !m.ClientIPAddr.IsUnspecified() || m.RequestedIPAddress().String() != leasedIP.String() || m.udp.Src.Addr() != anyone {
					t.Errorf("REQUEST from %v for %v, client %v, options %v", m.udp.Src, m.RequestedIPAddress(), m.ClientIPAddr, m.Options)
				}
				tc.answers(s, m)
				got := <-done
				if !errors.Is(got.err, tc.want) || (got.lease != nil) != (tc.want == nil) || got.took > tc.within {
					t.Errorf("after %v: %v, %v, want %v within %v", got.took, got.lease, got.err, tc.want, tc.within)
				}
				if got.err != nil && !strings.Contains(got.err.Error(), leasedIP.String()) {
					t.Errorf("the error does not name the address: %v", got.err)
				}
			})
		})
	}
}
