// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

func TestPoliciesThatBiteAreShown(t *testing.T) {
	w := freshNetwork(t)
	w.up(ipv4Only(w.profile("static", softether.HubOffice, softether.Forced,
		"ipv4.method", "manual", "ipv4.addresses", "10.20.0.50/24", "ipv4.never-default", "yes")))
	const want = "Only addresses assigned by DHCP may send"
	if banner, err := w.Desktop.Banner("static"); err != nil || !strings.Contains(banner, want) {
		t.Errorf("the banner is %q, %v, want %q in it", banner, err, want)
	}
	if log := w.Desktop.NMLog(0); !strings.Contains(log, want) {
		t.Errorf("the log does not say %q", want)
	}
	ctx, cancel := context.WithTimeout(w.ctx, time.Second)
	defer cancel()
	if _, err := w.Desktop.Ping(ctx, plan.OfficeGateway); err == nil {
		t.Error("the office answers: this hub does not enforce the policy, so there is nothing to be told")
	}
	w.down("static")

	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Forced)))
	w.pings(plan.OfficeGateway)
	if banner, err := w.Desktop.Banner("office"); err != nil || strings.Contains(banner, want) {
		t.Errorf("with DHCP the banner is %q, %v", banner, err)
	}
	w.down("office")
}

func TestBridgeMode(t *testing.T) {
	for _, on := range []string{"No", "Yes"} {
		t.Run(on, func(t *testing.T) {
			w := freshNetwork(t)
			v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
			v.Data["bridge-mode"] = strings.ToLower(on)
			w.up(v)
			w.pings(plan.OfficeGateway)
			if _, facts := w.session(softether.HubOffice); facts["Bridge / Router Mode"] != on {
				t.Errorf("bridge mode is %q, want %q", facts["Bridge / Router Mode"], on)
			}
			w.down("office")
		})
	}
}

func TestMonitorMode(t *testing.T) {
	w := freshNetwork(t)
	v := ipv4Only(w.profile("monitor", softether.HubOffice, softether.Alice, "ipv4.method", "disabled", "ipv6.method", "disabled"))
	v.Data["monitor-mode"] = "yes"
	w.ok(w.Desktop.Add(w.ctx, v))
	mark := w.Desktop.NMLogMark()
	if err := w.Desktop.Up(w.ctx, "monitor"); err == nil {
		t.Error("monitoring is allowed to everybody")
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "107") || !strings.Contains(strings.ToLower(log), "monitor") {
		t.Error("the log does not say that monitoring is not allowed")
	}
	_, err := w.Server.Admin(w.ctx, "Hub "+softether.HubOffice+"\nUserPolicySet "+softether.Alice.Name+" /NAME:MonitorPort /VALUE:yes")
	w.ok(err)
	w.ok(w.Desktop.Up(w.ctx, "monitor"))
	if _, facts := w.session(softether.HubOffice); facts["Monitoring Mode"] != "Yes" {
		t.Errorf("the server says: %v", facts)
	}
	if banner, err := w.Desktop.Banner("monitor"); err != nil || !strings.Contains(banner, "monitoring session") {
		t.Errorf("the banner is %q, %v", banner, err)
	}
	w.down("monitor")
}
