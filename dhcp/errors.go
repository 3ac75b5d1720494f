// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"errors"
	"fmt"
	"net/netip"
)

var (
	// ErrNoAnswer means that nobody offered an address in time.
	ErrNoAnswer = errors.New("no DHCP server answered; SecureNAT or its DHCP server may be off on the virtual hub, or the user's policy filters DHCP: ask the hub's administrator, or set a manual address")
	// ErrNAK means that the server took the address back, or refused one that it had offered.
	ErrNAK = errors.New("the DHCP server refused the address")
	// ErrExpired means that the lease ran out before a server renewed it.
	ErrExpired = errors.New("the DHCP lease expired and no server renewed it")
	// ErrPortClosed means that the port was closed while the client was using it.
	ErrPortClosed = errors.New("the client's network port is closed")
)

// A LeaseError is a lease that no host should configure.
type LeaseError struct {
	Server  netip.Addr // who offered it
	Option  uint8      // DHCP option at fault; 0: the address itself (field yiaddr)
	Value   string     // what it says
	Problem string     // why that is absurd
}

func (e *LeaseError) Error() string {
	what := "address"
	if e.Option != 0 {
		what = fmt.Sprintf("option %d (%s)", e.Option, optionName(e.Option))
	}
	return fmt.Sprintf("DHCP server %v offers an unusable lease: %s is %s: %s; this is to be mended on that server", e.Server, what, e.Value, e.Problem)
}

// optionName names the options that can be at fault in terms that people know.
func optionName(option uint8) string {
	switch option {
	case optMask:
		return "subnet mask"
	case optRouter:
		return "router"
	case optClassful:
		return "static routes"
	case optClassless:
		return "classless routes"
	case optClasslessMS:
		return "classless routes, Microsoft"
	}
	return "unnamed"
}
