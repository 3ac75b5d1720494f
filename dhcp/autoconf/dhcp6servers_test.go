// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/ndp"

	"network-manager-softether/internal/bubbletest"
)

var (
	rogueDUID = raw(dhcpv6.OptionServerID, []byte{0, 3, 0, 1, 2, 0, 0, 0, 0, 0x66})
	rogueMAC  = net.HardwareAddr{2, 0, 0, 0, 0, 0x66}
	rogueIP   = netip.MustParseAddr("2001:db8:1::666")
	rogueDNS  = dhcpv6.OptDNS(net.ParseIP("2001:db8:1::66"))
)

// intrude answers as another server does, or as one that has copied the DUID of the first.
func (n *network) intrude(m asked, kind dhcpv6.MessageType, copied bool, opts ...dhcpv6.Option) {
	if !copied {
		opts = append(opts, rogueDUID)
	}
	frame := framed6(m.message(kind, opts...).ToBytes())
	copy(frame[6:], rogueMAC)
	n.port.Deliver(frame)
}

// A server that answers after the first one is named once and not taken, whatever it answers.
func TestTheFirstDHCPv6ServerIsTheOne(t *testing.T) {
	rapid := raw(dhcpv6.OptionRapidCommit, nil)
	for name, copied := range map[string]bool{"another DUID": false, "the same DUID from another MAC": true} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				n, c := newNetwork(t)
				var log bytes.Buffer
				c.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
				done := acquire(c, t.Context())
				n.solicited()
				n.advertise(routerLL, ndp.RouterAdvertisement{ManagedConfiguration: true, RouterLifetime: time.Hour})
				s := n.expect(dhcpv6.MessageTypeSolicit)
				n.reply(s, dhcpv6.MessageTypeAdvertise, lease(managedIP))
				n.intrude(s, dhcpv6.MessageTypeAdvertise, copied, lease(rogueIP), rogueDNS)
				r := n.expect(dhcpv6.MessageTypeRequest)
				n.intrude(s, dhcpv6.MessageTypeReply, copied, lease(rogueIP), rapid, rogueDNS)
				n.intrude(r, dhcpv6.MessageTypeReply, copied, lease(rogueIP), rogueDNS)
				n.reply(r, dhcpv6.MessageTypeReply, lease(managedIP))
				got := <-done
				if got.err != nil || got.cfg.Addr.Addr() != managedIP || len(got.cfg.DNS) > 0 {
					t.Errorf("%v, %v", got.cfg, got.err)
				}
				if s := log.String(); strings.Count(s, "another DHCPv6 server answers") != 1 || !strings.Contains(s, "mac="+rogueMAC.String()) ||
					!strings.Contains(s, "taken-mac="+routerMAC.String()) || !copied && !strings.Contains(s, "duid=00030001020000000066") {
					t.Errorf("the log says %q", s)
				}
			})
		})
	}
}

// The first server is asked first whenever the client starts over, and has three messages' time to answer.
func TestAnotherDHCPv6ServerTakesOverFromASilentOne(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, changes := holding(t)
		n.reply(n.expect(dhcpv6.MessageTypeRenew), dhcpv6.MessageTypeReply, lease(managedIP, withStatus(iana.StatusNoBinding)))
		for range chances - 1 {
			n.intrude(n.solicits(), dhcpv6.MessageTypeAdvertise, false, lease(rogueIP))
		}
		s := n.solicits() // an answer before would have been a REQUEST
		n.intrude(s, dhcpv6.MessageTypeAdvertise, false, lease(rogueIP))
		n.intrude(n.expect(dhcpv6.MessageTypeRequest), dhcpv6.MessageTypeReply, false, lease(rogueIP))
		synctest.Wait()
		time.Sleep(2 * changePauseMax)
		for {
			select {
			case cfg := <-changes:
				if cfg.Addr.Addr() == rogueIP {
					return
				}
			default:
				t.Fatal("nobody gives an address")
			}
		}
	})
}

// solicits skips what the client sends until it is a SOLICIT.
func (n *network) solicits() asked {
	n.t.Helper()
	for {
		if m, err := dhcpv6.MessageFromBytes(n.next()[14+40+8:]); err == nil && m.MessageType != dhcpv6.MessageTypeRenew {
			if m.MessageType != dhcpv6.MessageTypeSolicit {
				n.t.Fatalf("client sent %v", m.MessageType)
			}
			return asked{m, time.Now()}
		}
	}
}

// What another server says of names is not taken either, now or when it is asked for again.
func TestInformationIsTheFirstServers(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		n.solicited()
		ra := usual()
		ra.OtherConfiguration = true
		n.advertise(routerLL, ra)
		own := dhcpv6.OptDNS(net.ParseIP("2001:db8:1::53"))
		r := n.expect(dhcpv6.MessageTypeInformationRequest)
		n.reply(r, dhcpv6.MessageTypeReply, own)
		n.intrude(r, dhcpv6.MessageTypeReply, false, rogueDNS)
		<-done
		d := &c.dhcp
		d.start(informing, time.Now())
		answer := func(from []byte, dns string) {
			mac := routerMAC
			if !bytes.Equal(from, serverDUID) {
				mac = [6]byte(rogueMAC)
			}
			d.tries++
			d.answer(&reply6{kind: dhcpv6.MessageTypeReply, xid: d.xid, server: from, mac: mac, dns: []netip.Addr{netip.MustParseAddr(dns)}}, time.Now())
		}
		rogue := rogueDUID.(*dhcpv6.OptionGeneric).OptionData
		if answer(rogue, "2001:db8:1::66"); d.phase != informing {
			t.Error("another server is taken at once")
		}
		if answer(serverDUID, "2001:db8:1::54"); d.phase != informed || d.dns[0].String() != "2001:db8:1::54" {
			t.Errorf("phase %v, DNS %v", d.phase, d.dns)
		}
		d.start(informing, time.Now())
		d.tries = chances
		if answer(rogue, "2001:db8:1::66"); d.phase != informed || d.known.mac != [6]byte(rogueMAC) {
			t.Error("nobody takes the place of a silent server")
		}
	})
}
