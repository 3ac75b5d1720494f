// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A tunnel is one of the VPNs and what runs through it.
type tunnel struct {
	name, hub   string
	server      netip.Addr
	connections int        // over TCP
	over6       bool       // the server is reached over IPv6, and only IPv6 is spoken inside
	everything  bool       // a full tunnel
	inner       netip.Addr // answers at its other end
	beat        *beat
	streams     []*stream
	short       streamTotal // of connections that live for a moment
	checked     time.Time   // when the last of them had to begin
}

// connectAll adds the profiles of four VPNs, locks the desktop in (nm-softether-strict), and connects all.
// "full" is a full tunnel with one TCP connection and DHCP; a calm storm has "split" instead. The others have
// addresses of their own and lead to one network each: "udp" with UDP acceleration, "four" with four TCP
// connections, and, unless the storm is calm, "six", which is IPv6 inside and outside.
func (s *storm) connectAll(ctx context.Context) error {
	fingerprint, err := s.Server.Fingerprint(ctx)
	if err != nil {
		return err
	}
	profiles := map[string]desktop.VPN{}
	add := func(t *tunnel, data map[string]string, more ...string) {
		t.server = plan.ServerAddr
		data["gateway"] = plan.ServerName4
		if t.over6 {
			t.server, data["gateway"] = plan.ServerAddr6, plan.ServerName6
		}
		maps.Copy(data, map[string]string{
			"hub": t.hub, "user": softether.Alice.Name, "server-cert-sha256": fingerprint, "reconnect-interval": "5",
		})
		s.tunnels = append(s.tunnels, t)
		profiles[t.name] = desktop.VPN{
			Name: t.name, Password: softether.Alice.Password, Data: data, More: append([]string{"vpn.persistent", "yes"}, more...),
		}
	}
	office := &tunnel{name: "full", hub: softether.HubOffice, inner: plan.OfficeGateway, connections: 1, everything: true}
	var split []string
	if s.opts.calm {
		office.name, office.everything = "split", false
		split = []string{"ipv4.never-default", "yes", "ipv6.method", "disabled"}
	}
	add(office, map[string]string{"udp-acceleration": "no"}, split...)
	var sites [3]*lab.Site
	for i := range sites {
		if sites[i], err = s.NewSite(ctx, i+1); err != nil {
			return err
		}
	}
	only4 := []string{"ipv4.never-default", "yes", "ipv6.method", "disabled", "ipv4.method", "manual", "ipv4.addresses"}
	add(&tunnel{name: "udp", hub: sites[0].Hub, inner: sites[0].Inner, connections: 1},
		map[string]string{"udp-acceleration": "yes"}, slices.Concat(only4, []string{sites[0].Client.String()})...)
	add(&tunnel{name: "four", hub: sites[1].Hub, inner: sites[1].Inner, connections: 4},
		map[string]string{"max-connections": "4", "udp-acceleration": "no"}, slices.Concat(only4, []string{sites[1].Client.String()})...)
	if !s.opts.calm {
		add(&tunnel{name: "six", hub: sites[2].Hub, inner: sites[2].Inner6, connections: 1, over6: true}, map[string]string{"udp-acceleration": "no"},
			"ipv6.never-default", "yes", "ipv4.method", "disabled", "ipv6.method", "manual", "ipv6.addresses", sites[2].Client6.String())
	}
	for _, t := range s.tunnels {
		if err := s.Desktop.Add(ctx, profiles[t.name]); err != nil {
			return err
		}
		if err := s.strict(ctx, "on", t.name, t.server.String()); err != nil {
			return err
		}
	}
	for _, t := range s.tunnels {
		if err := s.Desktop.Up(ctx, t.name); err != nil {
			return err
		}
	}
	return nil
}

// strict runs nm-softether-strict.
func (s *storm) strict(ctx context.Context, args ...string) error {
	dir, err := desktop.Stage()
	if err != nil {
		return err
	}
	_, err = s.Desktop.Must(ctx, append([]string{filepath.Join(dir, "usr/bin/nm-softether-strict")}, args...)...)
	return err
}

// disconnectAll takes down what connectAll has set up.
func (s *storm) disconnectAll(ctx context.Context) error {
	for _, t := range s.tunnels {
		if err := s.Desktop.Down(ctx, t.name); err != nil {
			return err
		}
	}
	if err := s.strict(ctx, "off", "--all"); err != nil {
		return err
	}
	return s.Desktop.Clean(ctx)
}

// load starts to send through the tunnel: small datagrams all the time, one stream in each direction, and
// short ones on request.
func (t *tunnel) load(ctx context.Context, l *lab.Lab) error {
	// A socket keeps the address it started with, and NetworkManager calls a VPN active while the kernel is
	// still checking its IPv6 address for duplicates.
	err := netns.Await(ctx, "the first bytes through "+t.name, limit, func() error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		return l.Desktop.EchoTCP(ctx, t.inner, 1)
	})
	if err != nil {
		return err
	}
	if t.beat, err = startBeat(ctx, l.Desktop.Host, t.inner); err != nil {
		return err
	}
	if t.streams, err = startStreams(ctx, l, t); err != nil {
		return err
	}
	t.checked = time.Now()
	return netns.Await(ctx, t.name+" to work", limit, func() error { return t.works(ctx, l.Desktop, t.checked) })
}

// works reports whether, since then, echoes and bytes of all streams have arrived, a new connection gets
// through, and NetworkManager calls the VPN active.
func (t *tunnel) works(ctx context.Context, d *desktop.Desktop, since time.Time) error {
	if !t.beat.heard(since) {
		return errors.New("no echo comes")
	}
	for _, s := range t.streams {
		if err := s.moves(since); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	state, err := d.State(t.name)
	if err != nil || state != desktop.Activated {
		return fmt.Errorf("its state is %d (%v)", state, err)
	}
	if !t.checked.Before(since) {
		return nil
	}
	const size = 64 << 10
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := d.EchoTCP(ctx, t.inner, size); err != nil {
		return err
	}
	if t.everything {
		if who, err := d.WhoAmI(ctx, plan.EverywhereWeb); err != nil || !strings.HasPrefix(who, "office") {
			return fmt.Errorf("what is in no network of the office is answered by %q (%v)", who, err)
		}
	}
	t.checked = time.Now()
	t.short.number, t.short.bytes = t.short.number+1, t.short.bytes+size
	return nil
}

// unload ends what load has started, and returns the totals of the streams.
func (t *tunnel) unload() []streamTotal {
	t.beat.stop()
	totals := []streamTotal{t.short}
	totals[0].name = t.name + ", new connections"
	for _, s := range t.streams {
		totals = append(totals, s.end())
	}
	return totals
}
