// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
)

// A detour leads the packets between a client and the server past an attacker.
type detour struct {
	toClient *net.UDPConn // connected
	toServer *net.UDPConn
	server   *net.UDPAddr
	wg       sync.WaitGroup
}

// newDetour puts attack between toClient and the socket that it returns, the server's.
func newDetour(toClient *net.UDPConn, attack func(packet []byte, send func([]byte))) (*net.UDPConn, *detour, error) {
	here := net.UDPAddr{IP: toClient.LocalAddr().(*net.UDPAddr).IP}
	toServer, err := net.ListenUDP("udp", &here)
	if err != nil {
		toClient.Close()
		return nil, nil, err
	}
	server, err := net.DialUDP("udp", &here, toServer.LocalAddr().(*net.UDPAddr))
	if err != nil {
		toClient.Close()
		toServer.Close()
		return nil, nil, err
	}
	d := &detour{toClient: toClient, toServer: toServer, server: server.LocalAddr().(*net.UDPAddr)}
	// Datagrams may be lost.
	d.wg.Go(func() {
		d.each(d.toServer, func(p []byte) { attack(bytes.Clone(p), func(b []byte) { _, _ = d.toClient.Write(b) }) })
	})
	d.wg.Go(func() { d.each(d.toClient, func(p []byte) { _, _ = d.toServer.WriteToUDP(p, d.server) }) })
	return server, d, nil
}

// each passes packets on until the socket is closed. Other errors are what ICMP reported about earlier
// packets.
func (d *detour) each(from *net.UDPConn, f func([]byte)) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err == nil {
			f(b[:n])
		}
	}
}

// close ends the detour. A nil one is none.
func (d *detour) close() {
	if d == nil {
		return
	}
	d.toClient.Close()
	d.toServer.Close()
	d.wg.Wait()
}

// Replay returns an attacker, for [UDP.OnTheWay], that sends each packet twice, and also repeats one of the
// last thousand.
func Replay() func(packet []byte, send func([]byte)) {
	var old [1000][]byte
	n := 0
	return func(packet []byte, send func([]byte)) {
		send(packet)
		send(packet)
		if n > 0 {
			send(old[rand.IntN(min(n, len(old)))])
		}
		old[n%len(old)] = packet
		n++
	}
}

// Forge returns an attacker, for [UDP.OnTheWay], that sends each packet unchanged, and also cut short, too
// long, with one bit changed, and random bytes in its place.
func Forge() func(packet []byte, send func([]byte)) {
	return func(packet []byte, send func([]byte)) {
		send(packet[:rand.IntN(len(packet))])
		send(append(bytes.Clone(packet), make([]byte, 2000)...))
		changed := bytes.Clone(packet)
		changed[rand.IntN(len(changed))] ^= 1 << rand.IntN(8)
		send(changed)
		send(padding(3000))
		send(packet)
	}
}

func hostOf(a net.Addr) netip.Addr { return a.(*net.TCPAddr).AddrPort().Addr().Unmap() }
