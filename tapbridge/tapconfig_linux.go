// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// configure gives the device that was just made its address, before udev can think
// of one (networkmanager.md 4.5), its settings, and brings it up.
func (t *TAP) configure(mtu int, noIPv6, unplugged bool) error {
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
	if err := t.setSysctls(noIPv6); err != nil {
		return fail("turn the kernel's own IPv6 configuration off for", err)
	}
	if unplugged {
		if err := t.SetCarrier(false); err != nil {
			t.log.Debug("the device has carrier from the start", "cause", err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fail("bring up", err)
	}
	// udev may have been quicker than us after all; what counts is what the device has.
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

// setMAC sets the hardware address through the device's own descriptor, which
// cannot hit another device.
func (t *TAP) setMAC() error {
	var failed error
	err := t.raw.Control(func(fd uintptr) { failed = ioctlHardwareAddr(int(fd), t.mac) })
	return errors.Join(err, os.NewSyscallError("SIOCSIFHWADDR", failed))
}

// A sysctl below /proc/sys/net/ipv6/conf/<device>.
type sysctl struct{ key, value string }

// setSysctls keeps the kernel from acting on router advertisements: it would add an
// address and a default route that NetworkManager knows nothing about. Whoever has
// the TAP reads advertisements himself. A kernel without IPv6 needs none of it.
func (t *TAP) setSysctls(noIPv6 bool) error {
	want := []sysctl{{"accept_ra", "0"}, {"autoconf", "0"}, {"use_tempaddr", "0"}}
	if noIPv6 {
		want = append(want, sysctl{"disable_ipv6", "1"})
	}
	for _, s := range want {
		path := filepath.Join("/proc/sys/net/ipv6/conf", t.name, s.key)
		err := os.WriteFile(path, []byte(s.value), 0)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if now, e := os.ReadFile(path); e == nil && strings.TrimSpace(string(now)) == s.value {
			continue // not writable, and no need
		}
		return err
	}
	return nil
}

// ioctlHardwareAddr sets the Ethernet address of the device behind fd.
func ioctlHardwareAddr(fd int, mac []byte) error {
	req := ifreqHardwareAddr{family: unix.ARPHRD_ETHER}
	copy(req.addr[:], mac)
	return req.set(fd)
}
