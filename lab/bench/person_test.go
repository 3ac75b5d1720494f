// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"testing"
)

func TestLoginsAndLeasesAreThoseOfTheSameSession(t *testing.T) {
	const log = `1795922425.000100 desktop nm-softether-service[7]: logged in (server=203.0.113.10:443)
1795922425.004600 desktop nm-softether-service[7]: DHCP lease acquired (lease="10.20.0.111/24" took=4ms)
a second line
1795922426.000000 desktop nm-softether-service[8]: logged in (server=203.0.113.10:443)
1795922427.000000 desktop nm-softether-service[9]: logged in (server=203.0.113.10:443)
1795922427.020000 desktop nm-softether-service[9]: DHCP lease acquired (lease="10.20.0.112/24" took=19ms)
1795922428.000000 desktop nm-softether-service[9]: DHCP lease acquired (lease="10.20.0.112/24" took=3ms)
`
	got, err := loginsToLeases(log)
	if err != nil || len(got) != 2 || math.Abs(got[0]-4.5) > 0.1 || math.Abs(got[1]-20) > 0.1 {
		t.Errorf("%v, %v, want 4.5 and 20 ms", got, err)
	}
	if _, err := loginsToLeases("1795922426.000000 desktop nm-softether-service[8]: stopped\n"); err == nil {
		t.Error("no lease is no error")
	}
}
