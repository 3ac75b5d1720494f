// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// A Capture is a packet socket that sees what passes an interface in both directions.
type Capture struct {
	FD     int
	device string
}

// NewCapture opens a capture on an interface of the host. room is how many bytes may wait to be read, and
// patience how long a read waits (then unix.EAGAIN). With headers, each packet is preceded by a virtio_net
// header, and superframes arrive whole.
func (h *Host) NewCapture(device string, room int, patience time.Duration, headers bool) (*Capture, error) {
	link, err := h.Net.LinkByName(device)
	if err != nil {
		return nil, fmt.Errorf("interface %s on %s: %w", device, h.Name, err)
	}
	const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xffff // in network byte order
	c := &Capture{device: device}
	err = h.Do(func() error {
		if c.FD, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		var vnet int
		if headers {
			vnet = 1
		}
		wait := unix.NsecToTimeval(patience.Nanoseconds())
		err := errors.Join(
			unix.SetsockoptInt(c.FD, unix.SOL_PACKET, unix.PACKET_VNET_HDR, vnet),
			unix.SetsockoptInt(c.FD, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, room),
			unix.SetsockoptTimeval(c.FD, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
			unix.Bind(c.FD, &unix.SockaddrLinklayer{Protocol: all, Ifindex: link.Attrs().Index}))
		if err != nil {
			unix.Close(c.FD)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("capturing on %s of %s: %w", device, h.Name, err)
	}
	return c, nil
}

// Missed returns an error if packets have arrived since the last call for which there was no room.
func (c *Capture) Missed() error {
	st, err := unix.GetsockoptTpacketStats(c.FD, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil && st.Drops > 0 {
		err = fmt.Errorf("the capture on %s missed %d packets", c.device, st.Drops)
	}
	return err
}

// Close ends the capture.
func (c *Capture) Close() error { return unix.Close(c.FD) }
