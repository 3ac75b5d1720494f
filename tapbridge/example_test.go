// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/softethertest"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

// The whole way, as the service goes it: a session plugged into a bridge, and a DHCP client that is one more host on
// it. With a TAP in the device's place (OpenTAP) the rest is the kernel's.
func Example() {
	srv := softethertest.NewServer(softethertest.WithDHCP(softethertest.NewDHCP(softethertest.Lease{
		Server: netip.MustParseAddr("10.0.0.1"), Addr: netip.MustParsePrefix("10.0.0.50/24"),
	})))
	defer srv.Close()
	session, err := protocol.Dial(context.Background(), &protocol.Config{
		Host: srv.Host(), Port: srv.Port(), Hub: "TEST", User: "alice",
		Auth:  protocol.Password{Secret: "secret1"},
		Trust: protocol.Trust{Roots: srv.CertPool()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	bridge := tapbridge.New(tapbridgetest.NewDevice(64), nil)
	defer bridge.Close()
	session.Start(bridge.Receive)
	bridge.SetLink(session)

	mac := net.HardwareAddr{0x5e, 0, 0, 0, 0, 1}
	client := dhcp.New(bridge.NewPort(dhcp.Match(mac), 16), dhcp.Config{MAC: mac})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	lease, err := client.Acquire(ctx, netip.Addr{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(lease.Addr)
	// Output: 10.0.0.50/24
}
