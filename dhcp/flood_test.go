// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/internal/bubbletest"
)

// Everybody in the hub hears a DISCOVER and can answer it a thousand times a second.
func TestFloodOfOffersDoesNotFloodTheLog(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		var log bytes.Buffer // written by Acquire's goroutine, read after its end
		c.log = slog.New(slog.NewTextHandler(&log, nil))
		done := acquire(c, t.Context(), netip.Addr{})
		d := s.expect(dhcpv4.MessageTypeDiscover)
		for range 300 {
			s.port.Deliver(answer(d, dhcpv4.MessageTypeOffer, func(m *dhcpv4.DHCPv4) { m.YourIPAddr = net.IPv4(127, 0, 0, 1) }))
			time.Sleep(time.Millisecond)
		}
		s.reply(d, dhcpv4.MessageTypeOffer)
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck)
		if got := <-done; got.err != nil {
			t.Fatal(got.err)
		}
		if n := bytes.Count(log.Bytes(), []byte("offer not taken")); n != 1 {
			t.Errorf("%d lines in 0.3 s, want 1:\n%.1000s", n, log.Bytes())
		}
	})
}
