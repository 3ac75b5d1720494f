// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// Ping sends echo requests from the host to addr, one every 200 ms, until the first answer, and returns how
// long that answer took. ctx bounds the wait.
func (h *Host) Ping(ctx context.Context, addr netip.Addr) (time.Duration, error) {
	network, proto, request := "ip4:icmp", 1, icmp.Type(ipv4.ICMPTypeEcho)
	reply := icmp.Type(ipv4.ICMPTypeEchoReply)
	if addr.Is6() {
		network, proto, request, reply = "ip6:ipv6-icmp", 58, ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply
	}
	var conn *icmp.PacketConn
	err := h.Do(func() (err error) {
		conn, err = icmp.ListenPacket(network, "")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ping: %w", err)
	}
	defer conn.Close()
	id, buf := os.Getpid()&0xffff, make([]byte, 1500)
	for seq := 1; ctx.Err() == nil; seq++ {
		msg, err := (&icmp.Message{Type: request, Body: &icmp.Echo{ID: id, Seq: seq, Data: make([]byte, 56)}}).Marshal(nil)
		if err != nil {
			return 0, err
		}
		sent := time.Now()
		if _, err := conn.WriteTo(msg, &net.IPAddr{IP: addr.AsSlice()}); err != nil {
			// No route yet: wait like for any other missing answer.
			select {
			case <-ctx.Done():
				return 0, fmt.Errorf("ping %v from %s: %w", addr, h.Name, err)
			case <-time.After(200 * time.Millisecond):
			}
			continue
		}
		if err := conn.SetReadDeadline(sent.Add(200 * time.Millisecond)); err != nil {
			return 0, err
		}
		for {
			n, from, err := conn.ReadFrom(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return 0, fmt.Errorf("ping: %w", err)
			}
			m, err := icmp.ParseMessage(proto, buf[:n])
			if err != nil || m.Type != reply || from.String() != addr.String() {
				continue
			}
			if echo, ok := m.Body.(*icmp.Echo); ok && echo.ID == id && echo.Seq == seq {
				return time.Since(sent), nil
			}
		}
	}
	return 0, fmt.Errorf("ping %v from %s: no answer: %w", addr, h.Name, ctx.Err())
}
