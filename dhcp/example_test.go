// SPDX-License-Identifier: Apache-2.0

package dhcp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"network-manager-softether/dhcp"
)

// A network with nobody on it.
type silence chan []byte

func (silence) Send([]byte) error       { return nil }
func (s silence) Frames() <-chan []byte { return s }

// How to ask for an address, and to keep it. The package tapbridge has an example with a server that answers.
func Example() {
	mac := net.HardwareAddr{0x5e, 0, 0, 0, 0, 1}
	client := dhcp.New(make(silence), dhcp.Config{MAC: mac, Hostname: "laptop"})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	lease, err := client.Acquire(ctx, netip.Addr{})
	if errors.Is(err, dhcp.ErrNoAnswer) {
		fmt.Println("nobody hands out addresses here")
		return
	}
	if err == nil {
		err = client.Maintain(ctx, lease, func(l *dhcp.Lease) { fmt.Println("now", l.Addr) })
	}
	fmt.Println(err)
	// Output: nobody hands out addresses here
}
