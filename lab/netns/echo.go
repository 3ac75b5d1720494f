// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// ServeEcho answers everything on port 7 of addr, over TCP and UDP, with the same (RFC 862).
func ServeEcho(h *Host, addr netip.Addr) error {
	at := netip.AddrPortFrom(addr, 7).String()
	l, err := h.Serve(at, func(c net.Conn) { _, _ = io.Copy(c, c) })
	if err != nil {
		return err
	}
	var p net.PacketConn
	err = h.Do(func() (err error) {
		p, err = net.ListenPacket("udp", at)
		return err
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	h.OnClose(func() { l.Close(); p.Close() })
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := p.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = p.WriteTo(buf[:n], from)
		}
	}()
	return nil
}

// EchoTCP sends size random bytes to port 7 of addr and returns an error unless the same bytes come back.
func (h *Host) EchoTCP(ctx context.Context, addr netip.Addr, size int64) error {
	c, err := h.DialContext(ctx, "tcp", netip.AddrPortFrom(addr, 7).String())
	if err != nil {
		return err
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline) // a fresh TCP connection takes deadlines
	}
	sent, got := sha256.New(), sha256.New()
	res := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.MultiWriter(c, sent), rand.NewChaCha8([32]byte{}), size)
		res <- err
	}()
	n, err := io.CopyN(got, c, size)
	if err := errors.Join(err, <-res); err != nil {
		return fmt.Errorf("echo over TCP after %d bytes: %w", n, err)
	}
	if string(sent.Sum(nil)) != string(got.Sum(nil)) {
		return errors.New("echo over TCP: other bytes came back")
	}
	return nil
}

// EchoUDP sends one datagram of that size to port 7 of addr and returns an error unless the same comes back
// within two seconds.
func (h *Host) EchoUDP(ctx context.Context, addr netip.Addr, size int) error {
	c, err := h.DialContext(ctx, "udp", netip.AddrPortFrom(addr, 7).String())
	if err != nil {
		return err
	}
	defer c.Close()
	out, in := make([]byte, size), make([]byte, 1<<16)
	_, _ = rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)}).Read(out) // never fails
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := c.Write(out); err != nil {
		return err
	}
	n, err := c.Read(in)
	if err != nil {
		return fmt.Errorf("echo over UDP of %d bytes: %w", size, err)
	}
	if string(in[:n]) != string(out) {
		return fmt.Errorf("echo over UDP of %d bytes: %d other bytes came back", size, n)
	}
	return nil
}
