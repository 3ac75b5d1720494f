// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// maxSegment returns the longest packet that fits a route with Ethernet's MTU of 1500 bytes.
func maxSegment(conn *net.UDPConn) int {
	if conn.RemoteAddr().(*net.UDPAddr).IP.To4() != nil {
		return 1500 - 20 - 8
	}
	return 1500 - 40 - 8
}

// connect changes the port that the socket is connected to. The kernel then keeps everybody else's packets
// away, and looks up the route only once.
func connect(conn *net.UDPConn, port uint16) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	peer := conn.RemoteAddr().(*net.UDPAddr).AddrPort().Addr()
	var to unix.Sockaddr
	if v4 := peer.Unmap(); v4.Is4() {
		to = &unix.SockaddrInet4{Port: int(port), Addr: v4.As4()}
	} else {
		six := &unix.SockaddrInet6{Port: int(port), Addr: peer.As16()}
		if zone, err := net.InterfaceByName(peer.Zone()); err == nil {
			six.ZoneId = uint32(zone.Index)
		}
		to = six
	}
	cerr := raw.Control(func(fd uintptr) { err = unix.Connect(int(fd), to) })
	return errors.Join(cerr, err)
}

// routeMTU returns what the kernel knows about the route, which ICMP messages change.
func (p *Path) routeMTU() (mtu int) {
	level, option := unix.IPPROTO_IP, unix.IP_MTU
	if p.conn.RemoteAddr().(*net.UDPAddr).IP.To4() == nil {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_MTU
	}
	p.raw.Control(func(fd uintptr) { mtu, _ = unix.GetsockoptInt(int(fd), level, option) })
	return mtu
}
