// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/internal/bubbletest"
)

func TestASecondServerIsNamedAndNotTaken(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		var log bytes.Buffer
		c.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		done := make(chan *Lease, 1)
		go func() {
			l, err := c.Acquire(t.Context(), netip.Addr{})
			if err != nil {
				t.Error(err)
			}
			done <- l
		}()
		d := s.expect(dhcpv4.MessageTypeDiscover)
		s.reply(d, dhcpv4.MessageTypeOffer)
		r := s.expect(dhcpv4.MessageTypeRequest)
		late := answer(d, dhcpv4.MessageTypeOffer, with(optServerID, []byte{192, 168, 30, 66}), withAddr("192.168.30.99"))
		copy(late[6:], []byte{2, 0, 0, 0, 0, 0x66})
		s.port.Deliver(late)
		s.reply(r, dhcpv4.MessageTypeAck)
		if l := <-done; l == nil || l.Server != serverIP {
			t.Errorf("lease %v", l)
		}
		for _, word := range []string{"another DHCP server", "192.168.30.66", "mac=02:00:00:00:00:66", "taken-mac=" + serverMAC.String()} {
			if !strings.Contains(log.String(), word) {
				t.Errorf("the log does not say %q: %s", word, log.String())
			}
		}
	})
}

func TestALeaseTakenOverByAnotherServerIsAWarning(t *testing.T) {
	var log bytes.Buffer
	c := New(nil, Config{MAC: clientMAC.HardwareAddr(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	before := &Lease{Server: serverIP, ServerMAC: serverMAC}
	c.byAnother(before, &Lease{Server: serverIP, ServerMAC: serverMAC})
	if log.Len() > 0 {
		t.Errorf("the same server: %s", log.String())
	}
	c.byAnother(before, &Lease{Server: serverIP, ServerMAC: packet.MAC{2, 0, 0, 0, 0, 9}})
	if s := log.String(); !strings.Contains(s, "level=WARN") || !strings.Contains(s, "mac=02:00:00:00:00:09") {
		t.Errorf("another one under the same address: %s", s)
	}
}
