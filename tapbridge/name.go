// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"fmt"
	"net"
	"strings"

	"network-manager-softether/frame"
)

// DefaultName lets the kernel pick the first free of se0, se1, ...
const DefaultName = "se%d"

// Bounds and default of TAPConfig.MTU.
const (
	MinMTU     = 576 // what every IPv4 host must accept (RFC 791 3.1)
	DefaultMTU = 1500
	MaxMTU     = frame.MaxLen - frame.HeaderLen - 2*4 // room for two VLAN tags
)

// maxName is IFNAMSIZ without the terminating zero.
const maxName = 15

// checkName returns name, or the default for "", if the kernel accepts it for a device (dev_valid_name in
// net/core/dev.c). A single %d stands for the first free number.
func checkName(name string) (string, error) {
	if name == "" {
		return DefaultName, nil
	}
	bad := func(why string) (string, error) {
		return "", fmt.Errorf("%w: interface name %q %s", ErrBadConfig, name, why)
	}
	rest := strings.Replace(name, "%d", "", 1)
	switch {
	case len(name) > maxName:
		return bad(fmt.Sprintf("is longer than %d bytes", maxName))
	case name == "." || name == "..", name == "all" || name == "default":
		// The latter two are directories of their own in /proc/sys/net/ipv6/conf.
		return bad("is reserved")
	case strings.Contains(rest, "%"):
		return bad("has a % that is not one single %d")
	}
	for _, c := range []byte(rest) {
		if c <= ' ' || c == '/' || c == ':' || c == 0x7f || c == 0xa0 {
			return bad("has a character that is not allowed")
		}
	}
	return name, nil
}

// checkMAC fails if no single host can have the address.
func checkMAC(mac net.HardwareAddr) error {
	switch {
	case len(mac) != 6:
		return fmt.Errorf("%w: MAC address %q is not 6 bytes long", ErrBadConfig, mac)
	case mac[0]&1 != 0:
		return fmt.Errorf("%w: MAC address %s is a group address", ErrBadConfig, mac)
	case mac.String() == "00:00:00:00:00:00":
		return fmt.Errorf("%w: MAC address %s is all zeros", ErrBadConfig, mac)
	}
	return nil
}

// checkMTU returns mtu, or the default for 0, if it is within bounds.
func checkMTU(mtu int) (int, error) {
	if mtu == 0 {
		return DefaultMTU, nil
	}
	if mtu < MinMTU || mtu > MaxMTU {
		return 0, fmt.Errorf("%w: MTU %d is not in %d..%d", ErrBadConfig, mtu, MinMTU, MaxMTU)
	}
	return mtu, nil
}
