// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"slices"
	"testing"

	"network-manager-softether/profile"
	"network-manager-softether/protocol/rudp"
)

func TestEveryTransportHasItsWays(t *testing.T) {
	want := map[string][]rudp.Way{
		"tcp": nil, "auto": {rudp.TCP, rudp.UDP, rudp.DNS, rudp.ICMP}, "udp": {rudp.UDP}, "icmp": {rudp.ICMP}, "dns": {rudp.DNS},
	}
	for _, k := range profile.Keys {
		if k.Name != profile.KeyTransport {
			continue
		}
		for _, v := range k.Values {
			ways, known := want[v.Word]
			path := newServerPath(slog.New(slog.DiscardHandler), nil)
			prof := &profile.Profile{Transport: profile.Transport(v.Word)}
			first, err := path.dialer(prof)
			if err != nil || !known {
				t.Errorf("transport=%s: known %v, %v", v.Word, known, err)
				continue
			}
			if again, err := path.dialer(prof); err != nil || again != first {
				t.Errorf("transport=%s: the second attempt has another dialer, %v", v.Word, err)
			}
			if d, ok := first.(*rudp.Dialer); ok != (ways != nil) || ok && !slices.Equal(d.Ways, ways) {
				t.Errorf("transport=%s is dialled by %T", v.Word, first)
			} else if !ok && first != path {
				t.Errorf("transport=%s does not take the path itself", v.Word)
			}
			path.close()
			path.close() // has nothing to do any more
		}
	}
}
