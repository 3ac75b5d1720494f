// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// configure gives a new device its address, before udev can choose one (networkmanager.md 4.5), and its
// settings, and brings it up.
func (t *TAP) configure(mtu int, cfg TAPConfig) error {
	fail := func(op string, err error) error { return &Error{op, t.name, err} }
	var err error
	if t.raw, err = t.file.SyscallConn(); err != nil {
		return fail("use", err)
	}
	if err := t.setMAC(); err != nil {
		return fail("set the MAC address of", err)
	}
	link, err := netlink.LinkByName(t.name)
	if err != nil {
		return fail("find", err)
	}
	t.index = link.Attrs().Index
	if err := netlink.LinkSetMTU(link, mtu); err != nil {
		return fail(fmt.Sprintf("set MTU %d of", mtu), err)
	}
	if err := errors.Join(t.setSysctls("conf", sysctls(cfg)), t.setSysctls("neigh", neighbours)); err != nil {
		return fail("set how the kernel configures IPv6 on", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fail("bring up", err)
	}
	six := !cfg.DisableIPv6 && mtu >= minMTU6
	if six {
		if err := t.setLinkLocal(link); err != nil {
			return fail("set the link-local address of", err)
		}
	}
	if six && cfg.Autoconf != nil {
		if err := t.setIdentifier(cfg.Autoconf); err != nil {
			return fail("set how the kernel configures IPv6 on", err)
		}
	}
	if cfg.Unplugged {
		if err := t.SetCarrier(false); err != nil {
			t.log.Debug("the device has carrier from the start", "error", err)
		}
	}
	// udev may have been quicker after all; what counts is what the device has now.
	if link, err = netlink.LinkByIndex(t.index); err != nil {
		return fail("find", err)
	}
	if !bytes.Equal(link.Attrs().HardwareAddr, t.mac) {
		if err := t.setMAC(); err != nil {
			return fail("set the MAC address of", err)
		}
	}
	return nil
}

// setMAC sets the hardware address through the device's own descriptor, which cannot affect another device.
func (t *TAP) setMAC() error {
	var failed error
	err := t.raw.Control(func(fd uintptr) { failed = ioctlHardwareAddr(int(fd), t.mac) })
	return errors.Join(err, os.NewSyscallError("SIOCSIFHWADDR", failed))
}

// A sysctl of the device below /proc/sys/net/ipv6.
type sysctl struct{ key, value string }

// sysctls keep the kernel from acting on router advertisements: it would add an address and a default route
// that NetworkManager knows nothing about. Whoever owns the TAP reads the advertisements, and may have the
// kernel form the addresses.
func sysctls(cfg TAPConfig) []sysctl {
	switch {
	case cfg.DisableIPv6:
		return []sysctl{{"accept_ra", "0"}, {"autoconf", "0"}, {"use_tempaddr", "0"}, {"disable_ipv6", "1"}}
	case cfg.Autoconf == nil:
		return []sysctl{{"accept_ra", "0"}, {"autoconf", "0"}, {"use_tempaddr", "0"}, {"addr_gen_mode", genNone}, {"router_solicitation_delay", "0"}}
	}
	return []sysctl{
		{"accept_ra", "2"}, // on a computer that forwards, too
		{"autoconf", "1"},
		{"accept_ra_pinfo", "1"},
		{"ra_honor_pio_life", "1"},
		{"accept_ra_defrtr", "0"},
		{"accept_ra_rt_info_max_plen", "0"},
		{"accept_ra_rtr_pref", "0"},
		{"accept_ra_mtu", "0"},
		{"use_tempaddr", strconv.Itoa(cfg.Autoconf.Temporary)},
		{"addr_gen_mode", genNone},
		// Optimistic addresses can be used while duplicate address detection, which starts at once, is still
		// running.
		{"optimistic_dad", "1"},
		{"use_optimistic", "1"},
		{"router_solicitation_delay", "0"},
	}
}

// neighbours makes duplicate address detection take a quarter of a second instead of a whole one: addresses
// that NetworkManager adds itself cannot be used before it is over, as only the kernel's own are optimistic.
// The time is also that between two solicitations of a neighbour, so there are more of them in return.
var neighbours = []sysctl{{"retrans_time_ms", "250"}, {"mcast_solicit", "12"}, {"ucast_solicit", "12"}}

// minMTU6 is the minimum MTU of IPv6 (RFC 8200 5).
const minMTU6 = 1280

// genNone keeps the kernel from making a link-local address: see setLinkLocal.
const genNone = "1"

// setLinkLocal gives the device the link-local address of its MAC address, without duplicate address
// detection: two hosts with the same MAC address have other troubles in a virtual hub, and while detection
// runs for that address, Linux resolves no neighbours, so nothing gets through for a second. A kernel without
// IPv6 needs no such address, nor does one with IPv6 disabled for new devices.
func (t *TAP) setLinkLocal(link netlink.Link) error {
	a := [16]byte{0: 0xfe, 1: 0x80, 11: 0xff, 12: 0xfe}
	copy(a[8:], t.mac[:3])
	copy(a[13:], t.mac[3:])
	a[8] ^= 2
	err := netlink.AddrAdd(link, &netlink.Addr{
		IPNet: &net.IPNet{IP: a[:], Mask: net.CIDRMask(64, 128)},
		Flags: unix.IFA_F_NODAD, Scope: unix.RT_SCOPE_LINK,
	})
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EACCES) {
		return nil
	}
	return err
}

// setSysctls sets those sysctls of a kind, conf or neigh, that the kernel has; one without IPv6 has none.
func (t *TAP) setSysctls(kind string, want []sysctl) error {
	for _, s := range want {
		path := filepath.Join("/proc/sys/net/ipv6", kind, t.name, s.key)
		err := os.WriteFile(path, []byte(s.value), 0)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if now, e := os.ReadFile(path); e == nil && strings.TrimSpace(string(now)) == s.value {
			continue // not writable, and already set
		}
		return err
	}
	return nil
}

// setIdentifier sets what the interface identifiers of future addresses are made from, and stops the kernel's
// own router solicitations, as a token requires. Setting the secret leaves the link-local address alone.
func (t *TAP) setIdentifier(cfg *Autoconf) error {
	var last []sysctl
	if cfg.Secret != [16]byte{} {
		last = append(last, sysctl{"stable_secret", netip.AddrFrom16(cfg.Secret).String()})
	}
	if id := cfg.Token; id != [8]byte{} {
		var token [16]byte
		copy(token[8:], id[:])
		req := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
		msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
		msg.Index = int32(t.index)
		req.AddData(msg)
		spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
		spec.AddRtAttr(unix.AF_INET6, nil).AddRtAttr(unix.IFLA_INET6_TOKEN, token[:])
		req.AddData(spec)
		if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
			return fmt.Errorf("interface identifier %x: %w", id, err)
		}
	}
	return t.setSysctls("conf", append(last, sysctl{"router_solicitations", "0"}))
}

// ioctlHardwareAddr sets the Ethernet address of the device behind fd.
func ioctlHardwareAddr(fd int, mac []byte) error {
	req := ifreqHardwareAddr{family: unix.ARPHRD_ETHER}
	copy(req.addr[:], mac)
	return req.set(fd)
}
