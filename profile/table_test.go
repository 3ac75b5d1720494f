// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"strings"
	"testing"
)

func TestTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys {
		switch {
		case seen[k.Name]:
			t.Errorf("%s is there twice", k.Name)
		case k.set == nil:
			t.Errorf("%s is not stored anywhere", k.Name)
		case k.Help == "" || strings.HasSuffix(k.Help, "."):
			t.Errorf("%s: the help must be a line without a full stop", k.Name)
		case k.Long != "" && !strings.HasSuffix(k.Long, "."):
			t.Errorf("%s: the long help must be whole sentences", k.Name)
		case k.Secret && k.Default != "":
			t.Errorf("%s: a secret has no default", k.Name)
		}
		seen[k.Name] = true
		if err := k.Check(k.Default); err != nil {
			t.Errorf("the default of %s is not allowed: %v", k.Name, err)
		}
		for _, c := range k.Values {
			if err := k.Check(c.Word); err != nil {
				t.Errorf("%s: %v", k.Name, err)
			}
			if c.Help == "" {
				t.Errorf("%s=%s has no help", k.Name, c.Word)
			}
		}
		if k.Secret {
			if flags := Lookup(FlagsKey(k.Name)); flags == nil || flags.Kind != KindFlags || flags.Secret {
				t.Errorf("the secret %s has no flags", k.Name)
			}
		}
	}
}

// NetworkManager stores data items and its own properties side by side, and takes
// every key that ends in -flags for a secret's (networkmanager.md 3).
func TestNoKeyCollidesWithNetworkManagers(t *testing.T) {
	for _, name := range []string{"service-type", "user-name", "persistent", "timeout", "data", "secrets", "name"} {
		if Lookup(name) != nil {
			t.Errorf("%s belongs to NetworkManager", name)
		}
	}
	for _, k := range Keys {
		if secret, ok := strings.CutSuffix(k.Name, "-flags"); ok {
			if s := Lookup(secret); s == nil || !s.Secret {
				t.Errorf("%s: there is no secret %s", k.Name, secret)
			}
		}
	}
}

func TestKeysComeGroupByGroup(t *testing.T) {
	last := Groups[0]
	for _, k := range Keys {
		if k.Group < last {
			t.Errorf("%s of group %v comes after %v", k.Name, k.Group, last)
		}
		last = k.Group
	}
}

// The names, defaults and ranges users rely on: profiles of people hold them.
func TestDefaultsOfTheDesign(t *testing.T) {
	for name, want := range map[string]string{
		"gateway": "", "port": "443", "hub": "DEFAULT", "user": "", "auth-type": "password",
		"password-flags": "0", "key-password-flags": "0", "proxy-password-flags": "0",
		"cert": "", "key": "", "ca": "", "server-cert-check": "yes", "server-cert-sha256": "",
		"proxy-type": "none", "proxy-server": "", "proxy-user": "", "transport": "tcp",
		"max-connections": "1", "connection-interval": "1", "connection-lifetime": "0",
		"half-duplex": "no", "compression": "no", "udp-acceleration": "auto", "qos": "yes",
		"bridge-mode": "no", "monitor-mode": "no", "mac": "stable", "mtu": "1500",
		"dhcp-hostname": "", "send-host-info": "no", "reconnect-interval": "15", "reconnect-attempts": "0",
	} {
		if k := Lookup(name); k == nil || k.Secret || k.Default != want {
			t.Errorf("%s: got %+v, want a data key with default %q", name, k, want)
		}
	}
}
