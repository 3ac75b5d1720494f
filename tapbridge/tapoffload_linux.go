// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"errors"

	"golang.org/x/sys/unix"

	"network-manager-softether/tapbridge/offload"
)

// errNoOffload: this kernel has no usable IFF_VNET_HDR.
var errNoOffload = errors.New("no offload")

// What may come from the kernel unfinished (include/uapi/linux/if_tun.h). Linux knows USO since 6.2, and
// takes both flags or none.
const (
	tcpOffloads = unix.TUN_F_CSUM | unix.TUN_F_TSO4 | unix.TUN_F_TSO6 | unix.TUN_F_TSO_ECN
	udpOffloads = unix.TUN_F_USO4 | unix.TUN_F_USO6
)

// probeVnetHdr asks the driver behind fd whether it supports IFF_VNET_HDR at all.
func probeVnetHdr(fd int) error {
	features, err := unix.IoctlGetInt(fd, unix.TUNGETFEATURES)
	if err != nil || features&unix.IFF_VNET_HDR == 0 {
		return errNoOffload
	}
	return nil
}

// setOffloads settles the format of the header and what the kernel may leave to this side. If it fails with
// errNoOffload, the device has to be created again without.
func (t *TAP) setOffloads(fd int) error {
	if err := unix.IoctlSetPointerInt(fd, unix.TUNSETVNETHDRSZ, offload.HeaderLen); err != nil {
		return errNoOffload
	}
	if unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, tcpOffloads|udpOffloads) == nil {
		t.usoOK = true
	} else if unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, tcpOffloads) != nil {
		return errNoOffload
	}
	t.vnet = true
	return nil
}
