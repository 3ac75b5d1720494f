// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"errors"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/internal/bubbletest"
)

func TestRenewalRefused(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		_, end := maintained(t, t.Context(), c, leased())
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeNak)
		if err := <-end; !errors.Is(err, ErrNAK) {
			t.Errorf("error = %v, want ErrNAK", err)
		}
	})
}

// A renewal that no host could use, or for another address, does not replace a
// good lease.
func TestAbsurdRenewalIsIgnored(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		changes, _ := maintained(t, t.Context(), c, leased())
		r := s.expect(dhcpv4.MessageTypeRequest)
		s.reply(r, dhcpv4.MessageTypeAck, with(optRouter, []byte{127, 0, 0, 1}))
		s.reply(r, dhcpv4.MessageTypeAck, withAddr("192.168.30.11"))
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck)
		if next := <-changes; next.Addr.Addr() != leasedIP || next.Router != serverIP {
			t.Errorf("lease = %v", next)
		}
	})
}
