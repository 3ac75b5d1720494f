// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A tunnel is one of the VPNs and what runs through it.
type tunnel struct {
	name, hub string
	about     string
	inner     netip.Addr // answers at its other end
	beat      *beat
	streams   []*stream
	short     streamTotal // of connections that live for a moment
	checked   time.Time   // when the last of them had to begin
}

// connectAll makes the profiles, locks the desktop in (nm-softether-strict), and connects.
func (s *storm) connectAll(ctx context.Context) error {
	fingerprint, err := s.Server.Fingerprint(ctx)
	if err != nil {
		return err
	}
	profiles := map[string]desktop.VPN{}
	add := func(t *tunnel, data map[string]string, more ...string) {
		maps.Copy(data, map[string]string{
			"gateway": plan.ServerName4, "hub": t.hub, "user": softether.Alice.Name,
			"server-cert-sha256": fingerprint, "reconnect-interval": "5",
		})
		s.tunnels = append(s.tunnels, t)
		profiles[t.name] = desktop.VPN{
			Name: t.name, Password: softether.Alice.Password, Data: data,
			More: append([]string{"vpn.persistent", "yes", "ipv4.never-default", "yes", "ipv6.method", "disabled"}, more...),
		}
	}
	add(&tunnel{name: "split", hub: softether.HubOffice, about: "one TCP connection, DHCP", inner: plan.OfficeGateway},
		map[string]string{"udp-acceleration": "no"})
	for i, data := range []map[string]string{{"udp-acceleration": "yes"}, {"max-connections": "4", "udp-acceleration": "no"}} {
		site, err := s.NewSite(ctx, i+1)
		if err != nil {
			return err
		}
		t := &tunnel{name: "udp", hub: site.Hub, about: "UDP acceleration, a fixed address", inner: site.Inner}
		if i == 1 {
			t.name, t.about = "four", "four TCP connections, a fixed address"
		}
		add(t, data, "ipv4.method", "manual", "ipv4.addresses", site.Client.String())
	}
	for _, t := range s.tunnels {
		if err := s.Desktop.Add(ctx, profiles[t.name]); err != nil {
			return err
		}
		if err := s.strict(ctx, "on", t.name, plan.ServerAddr.String()); err != nil {
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

// disconnectAll takes down what connectAll made.
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

// load begins to send through the tunnel: a small datagram all the time, one stream each way, and short ones when asked.
func (t *tunnel) load(ctx context.Context, l *lab.Lab) error {
	var err error
	if t.beat, err = startBeat(ctx, l.Desktop.Host, t.inner); err != nil {
		return err
	}
	if t.streams, err = startStreams(ctx, l, t); err != nil {
		return err
	}
	t.checked = time.Now()
	return netns.Await(ctx, t.name+" to work", limit, func() error { return t.works(ctx, l.Desktop, t.checked) })
}

// works reports whether, since then, echoes and the bytes of all streams have come, a new connection gets through, and
// NetworkManager calls the VPN active.
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
	t.checked = time.Now()
	t.short.number, t.short.bytes = t.short.number+1, t.short.bytes+size
	return nil
}

// unload ends what load began, and returns what the streams have come to.
func (t *tunnel) unload() []streamTotal {
	t.beat.stop()
	totals := []streamTotal{t.short}
	totals[0].name = t.name + ", new connections"
	for _, s := range t.streams {
		totals = append(totals, s.end())
	}
	return totals
}
