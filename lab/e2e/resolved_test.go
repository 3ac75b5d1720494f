// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// A resolvedLink is what systemd-resolved has of an interface.
type resolvedLink struct {
	servers, domains []string
	everything       bool // names that no domain of any link matches are asked here
}

// resolved reads resolvectl's words of an interface.
func (w *world) resolved(dev string) (l resolvedLink, err error) {
	for _, about := range []string{"dns", "domain", "default-route"} {
		out, err := w.Desktop.Resolvectl(w.ctx, about, dev)
		if err != nil {
			return l, err
		}
		_, words, _ := strings.Cut(out, ":")
		switch list := strings.Fields(words); about {
		case "dns":
			l.servers = list
		case "domain":
			l.domains = list
		default:
			l.everything = slices.Contains(list, "yes")
		}
	}
	slices.Sort(l.domains)
	return l, nil
}

// asked has systemd-resolved answer a question, and returns the interface that the answer came by.
func (w *world) asked(question string) (answer, link string, err error) {
	out, err := w.Desktop.Resolvectl(w.ctx, "--cache=no", "--legend=no", "query", question)
	if err != nil {
		return "", "", err
	}
	answer, link, _ = strings.Cut(strings.TrimSpace(out), "-- link: ")
	return strings.TrimSpace(answer), strings.TrimSpace(link), nil
}

// With systemd-resolved, a name is asked about where the lease and the profile say: names of the lease's domains, and
// reverse ones of its networks, in the tunnel, all others there only with the default route.
func TestResolvedAsksWhereTheLeaseSays(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.UseResolved(w.ctx))
	base := plan.Bases[0].Device
	reverse := "0.20.10.in-addr.arpa"

	named := servers.OfficeDHCP()
	nameless := named
	nameless.Domain, nameless.Search, nameless.Routes = "", nil, nil
	withoutRouter := nameless
	withoutRouter.Router = netip.Addr{}
	// The same address as the router outside, for which NetworkManager has a route that no plugin's can beat.
	homely := named
	homely.DNS = []netip.Addr{plan.Bases[0].Router}
	w.ok(w.Office.AddAddr("eth0", netip.PrefixFrom(plan.Bases[0].Router, 32)))
	for _, tc := range []struct {
		name    string
		lease   servers.DHCP
		never   string
		domains []string
		full    bool
		tunnel  []string // questions that go into the tunnel; the others stay outside
		outside []string
	}{
		{
			"full tunnel", named, "no",
			[]string{"lab.office.test", "office.test"},
			true,
			[]string{"intranet.office.test", "www.public.test"},
			nil,
		},
		{
			"split tunnel", named, "yes",
			[]string{"lab.office.test", "office.test"},
			false,
			[]string{"intranet.office.test", "wiki.lab.office.test"},
			[]string{"www.public.test"},
		},
		{
			"no router, no domain", withoutRouter, "no",
			[]string{"~" + reverse},
			false,
			[]string{"10.20.0.1"},
			[]string{"www.public.test"},
		},
		{
			"split tunnel, no domain", nameless, "yes",
			[]string{"~" + reverse},
			false,
			[]string{"10.20.0.1"},
			[]string{"www.public.test"},
		},
		{
			"DNS server with the router's address", homely, "no",
			[]string{"lab.office.test", "office.test"},
			true,
			[]string{"intranet.office.test", "www.public.test"},
			nil,
		},
	} {
		w.office(tc.lease)
		w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.never-default", tc.never)))
		tap := w.tap()
		w.eventually(tc.name+": what systemd-resolved has", 10*time.Second, func() error {
			got, err := w.resolved(tap)
			if err == nil && !(slices.Equal(got.domains, tc.domains) && got.everything == tc.full && slices.Contains(got.servers, tc.lease.DNS[0].String())) {
				err = fmt.Errorf("it is %+v, want the domains %v and everything else %v", got, tc.domains, tc.full)
			}
			return err
		})
		w.shows("office", "IP4.DNS", tc.lease.DNS[0].String())
		w.inOffice("office")
		for link, questions := range map[string][]string{tap: tc.tunnel, base: tc.outside} {
			for _, q := range questions {
				answer, by, err := w.asked(q)
				if err != nil || by != link {
					t.Errorf("%s: %s was answered by %q (%s, %v), want %s", tc.name, q, by, answer, err, link)
				}
			}
		}
		w.down("office")
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "delete", "office")
		w.ok(err)
	}
	if _, by, err := w.asked("www.public.test"); err != nil || by != base {
		t.Errorf("without the VPN, names are asked about by %q, %v", by, err)
	}
}
