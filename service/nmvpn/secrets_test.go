// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

func TestSecretsLeaveTheMemoryOfTheMessage(t *testing.T) {
	block := strings.Clone("work.password.hunter2.end")
	settings := Settings{"vpn": {"secrets": dbus.MakeVariant(map[string]string{block[5:13]: block[14:21]})}}
	got := ownSecrets(settings)["vpn"]["secrets"].Value().(map[string]string)
	if len(got) != 1 || got["password"] != "hunter2" {
		t.Errorf("the secrets are now %q", got)
	}
	if strings.Contains(block, "hunter2") || !strings.HasPrefix(block, "work.") || !strings.HasSuffix(block, ".end") {
		t.Errorf("the message is now %q", block)
	}
}

func TestSettingsWithoutSecretsStayAsTheyAre(t *testing.T) {
	for _, s := range []Settings{nil, {}, {"vpn": {}}, {"vpn": {"secrets": dbus.MakeVariant("no map")}}} {
		before := fmt.Sprint(s)
		if after := fmt.Sprint(ownSecrets(s)); after != before {
			t.Errorf("%s became %s", before, after)
		}
	}
}
