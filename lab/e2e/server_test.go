// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"network-manager-softether/lab/softether"
)

func TestHubGreetsWithAMessage(t *testing.T) {
	w := freshNetwork(t)
	const greeting = "Willkommen im Büro!\nMaintenance on Sunday."
	w.ok(w.Server.SetMessage(w.ctx, softether.HubOffice, greeting))
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	if got, err := w.Desktop.Banner("office"); err != nil || !strings.HasPrefix(got, greeting+"\n") && got != greeting {
		t.Errorf("the banner is %q, %v, want %q", got, err, greeting)
	}
	w.down("office")
}
