// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"errors"
	"testing"

	"network-manager-softether/protocol/pack"
)

func TestNegotiation(t *testing.T) {
	grant := func(version, key int) *pack.Pack {
		p := new(pack.Pack)
		p.AddBool("enable_bulk_on_rudp", true)
		p.AddBool("enable_hmac_on_bulk_of_rudp", true)
		p.AddInt("rudp_bulk_version", uint32(version))
		p.AddData("bulk_on_rudp_send_key", counting(key, 1))
		p.AddData("bulk_on_rudp_recv_key", counting(key, 2))
		return p
	}
	for name, tt := range map[string]struct {
		welcome *pack.Pack
		lowest  int
		want    int // version, 0 = none
		refused bool
	}{
		"none":                       {new(pack.Pack), 2, 0, false},
		"version 2":                  {grant(2, 32), 2, 2, false},
		"version 1":                  {grant(1, 20), 1, 1, false},
		"version 0 is 1":             {grant(0, 20), 1, 1, false},
		"version 1 where it is weak": {grant(0, 20), 2, 0, true},
		"a version nobody offered":   {grant(3, 32), 1, 0, true},
		"version 2 with a short key": {grant(2, 20), 1, 0, true},
		"version 1 with a long key":  {grant(1, 32), 1, 0, true},
		"version 2 without keys":     {grant(2, 0), 2, 0, true},
		"a version of many digits":   {grant(1<<31, 32), 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := Accept(tt.welcome, tt.lowest)
			if tt.refused != errors.Is(err, ErrGrant) {
				t.Fatalf("error %v", err)
			}
			if err == nil && (g == nil) != (tt.want == 0) || err == nil && g != nil && (g.Version != tt.want || !g.HMAC) {
				t.Errorf("granted %+v, want version %d", g, tt.want)
			}
		})
	}
}

func TestServersThatGrantVersion2(t *testing.T) {
	for _, tt := range []struct {
		version, build uint32
		want           bool
	}{{429, 9680, false}, {430, 9695, true}, {444, 9807, true}, {501, 9674, false}, {502, 5180, false}, {502, 5181, true}, {502, 5188, true}, {503, 1, true}} {
		if got := Secure(tt.version, tt.build); got != tt.want {
			t.Errorf("%d.%d: %v", tt.version, tt.build, got)
		}
	}
}
