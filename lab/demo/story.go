// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
	"network-manager-softether/profile"
)

// name is the profile's name in NetworkManager.
const name = "office"

// play is the demo, part by part. Every part checks what it shows.
func (d *demo) play(ctx context.Context, opts lab.Options) (err error) {
	d.title("A network to play in")
	d.tell("A desktop with NetworkManager, the Internet, and an office behind a SoftEther VPN server.\n" +
		"They are real programs in namespaces of this process: your own network stays as it is,\nand when this program ends, all of it is gone.\n\n")
	d.lab, err = lab.Start(ctx, opts)
	if err != nil {
		return err
	}

	for _, part := range []func(context.Context) error{d.add, d.firstUp, d.look, d.reach, d.speed, d.times, d.down} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintln(d.out, "\nAll of it worked.")
	return nil
}

func (d *demo) add(ctx context.Context) error {
	d.title("A profile: server, hub, user")
	vpn := desktop.VPN{
		Name: name, Password: softether.Alice.Password,
		Data: map[string]string{"gateway": plan.ServerName, "hub": softether.HubOffice, "user": softether.Alice.Name},
	}
	return d.nmcli(ctx, "", vpn.Args()...)
}

func (d *demo) firstUp(ctx context.Context) error {
	d.title("The first connection asks about the server's certificate")
	cert, err := d.lab.Server.Cert(ctx)
	if err != nil {
		return err
	}
	fingerprint := sha256.Sum256(cert.Raw)
	d.tell("SoftEther servers make their own certificate, which nobody has signed. So you are asked, once, whether this is\n"+
		"your server. Its administrator can tell you the fingerprint; here it is\n  %s\n"+
		"We type \"yes\": the answer is kept with the fingerprint in the profile, as a pin, and from then on only a server\n"+
		"with this very certificate is accepted. No password was sent before.\n\n", profile.Fingerprint(fingerprint[:]))
	if err := d.nmcli(ctx, "yes\n", "--ask", "connection", "up", name); err != nil {
		return err
	}
	return d.nmcli(ctx, "", "-f", "NAME,TYPE,DEVICE,STATE", "connection", "show", "--active")
}

func (d *demo) look(ctx context.Context) error {
	d.title("What the desktop has now")
	desk := d.lab.Desktop
	taps, err := desk.TAPs()
	if err != nil || len(taps) != 1 {
		return fmt.Errorf("there should be one TAP device, found %v (%v)", taps, err)
	}
	addrs, err := desk.Addrs(taps[0])
	if err != nil {
		return err
	}
	d.tell("Interface %s with address %v, given by the office's DHCP server", taps[0], addrs)
	if !slices.ContainsFunc(addrs, func(p netip.Prefix) bool { return plan.OfficeNet.Contains(p.Addr()) }) {
		return fmt.Errorf("no address of %v on %s", plan.OfficeNet, taps[0])
	}
	routes, err := desk.Routes()
	if err != nil {
		return err
	}
	d.tell("Routes")
	d.indent("  ", strings.Join(routes, "\n"))
	host, err := desk.HostRoute(plan.ServerAddr.String())
	if err != nil {
		return err
	}
	if host == "" {
		if host, err = desk.HostRoute(plan.ServerAddr6.String()); err != nil {
			return err
		}
	}
	if host == "" {
		return errors.New("the VPN server itself has no route outside the tunnel")
	}
	d.tell("of which this one keeps the tunnel itself out of the tunnel: %s", host)
	dns, err := desk.VPNDNS()
	if err != nil || len(dns) != 1 || len(dns[0].Servers) != 2 {
		return fmt.Errorf("the VPN should bring two DNS servers, found %v (%v)", dns, err)
	}
	d.tell("DNS servers %v, search domains %v", dns[0].Servers, dns[0].Domains)
	return nil
}

func (d *demo) reach(ctx context.Context) error {
	d.title("What it can reach")
	desk := d.lab.Desktop
	limit, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	rtt, err := desk.Ping(limit, plan.OfficeGateway)
	if err != nil {
		return err
	}
	d.tell("ping %v, the office's router: %.2f ms", plan.OfficeGateway, rtt.Seconds()*1000)
	if rtt, err = desk.Ping(limit, plan.OfficeInner); err != nil {
		return err
	}
	d.tell("ping %v, behind a route the office sent: %.2f ms", plan.OfficeInner, rtt.Seconds()*1000)
	out, err := desk.Must(limit, "getent", "hosts", "wiki.lab") // completed by the search domain office.test
	if err != nil || !strings.Contains(out, plan.OfficeInner.String()) {
		return fmt.Errorf("the name wiki.lab is %q: %w", out, err)
	}
	d.tell("the short name wiki.lab is %s", strings.TrimSpace(out))
	page, err := desk.WhoAmI(limit, plan.EverywhereWeb)
	if err != nil || !strings.HasPrefix(page, "office ") {
		return fmt.Errorf("a page on the Internet comes from %q, not through the office: %w", page, err)
	}
	d.tell("the rest of the Internet is reached through the office, which sees us as %s", strings.TrimPrefix(page, "office "))
	return nil
}

func (d *demo) speed(ctx context.Context) error {
	d.title("How fast it is (iperf3, 3 seconds each way)")
	for _, way := range []struct {
		text    string
		reverse bool
	}{{"desktop to office", false}, {"office to desktop", true}} {
		var bits float64
		err := netns.Await(ctx, "iperf3, whose server may still be busy with the last one", 20*time.Second, func() (err error) {
			bits, err = d.lab.Desktop.Iperf(ctx, plan.OfficeGateway, 3*time.Second, way.reverse)
			return err
		})
		if err != nil {
			return err
		}
		d.tell("%s: %7.0f Mbit/s", way.text, bits/1e6)
	}
	return nil
}

func (d *demo) times(ctx context.Context) error {
	const rounds = 10
	d.title("How long a connection takes, %d times", rounds)
	var took []time.Duration
	for range rounds {
		if err := d.lab.Desktop.Down(ctx, name); err != nil {
			return err
		}
		if err := d.lab.Desktop.AwaitGone(ctx); err != nil {
			return err
		}
		began := time.Now()
		if err := d.lab.Desktop.Up(ctx, name); err != nil {
			return err
		}
		took = append(took, time.Since(began))
		d.tell("nmcli connection up %s: %.3f s", name, took[len(took)-1].Seconds())
	}
	slices.Sort(took)
	d.tell("median %.3f s, from the command to the answer that the VPN is active", (took[rounds/2-1]+took[rounds/2]).Seconds()/2)
	return nil
}

func (d *demo) down(ctx context.Context) error {
	d.title("Off again")
	if err := d.nmcli(ctx, "", "connection", "down", name); err != nil {
		return err
	}
	if err := d.lab.Desktop.AwaitGone(ctx); err != nil {
		return err
	}
	routes, err := d.lab.Desktop.Routes()
	if err != nil {
		return err
	}
	d.tell("Nothing is left: no interface, no process, no DNS entry, and the routes are those of before")
	d.indent("  ", strings.Join(routes, "\n"))
	page, err := d.lab.Desktop.WhoAmI(ctx, plan.EverywhereWeb)
	if err != nil || !strings.HasPrefix(page, "internet ") {
		return fmt.Errorf("without the VPN a page on the Internet comes from %q: %w", page, err)
	}
	return nil
}
