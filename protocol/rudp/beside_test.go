// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"net"
	"testing"
)

func TestUDPAccelerationGoesBesideTCPNotThroughARace(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, d := range []*Dialer{{}, {TCP: new(net.Dialer)}} {
		c, err := d.DialContext(t.Context(), "udp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, ok := c.(*net.UDPConn); !ok {
			t.Errorf("got a %T", c)
		}
	}
}
