// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
)

// Methods of authentication and types of address (RFC 1928 3 and 5).
const (
	methodNone     = 0
	methodPassword = 2
	methodRefused  = 0xff

	addrIPv4 = 1
	addrName = 3
	addrIPv6 = 4
)

func (p *Proxy) socks5(conn net.Conn, host string, port uint16) error {
	greeting := []byte{5, 1, methodNone}
	if p.cfg.User != "" {
		greeting = []byte{5, 2, methodNone, methodPassword}
	}
	if _, err := conn.Write(greeting); err != nil {
		return err
	}
	method, err := readSOCKS5Method(conn)
	if err != nil {
		return err
	}
	switch {
	case method == methodNone:
	case method == methodPassword && p.cfg.User != "":
		if err := p.socks5Password(conn); err != nil {
			return err
		}
	case method == methodRefused && p.cfg.User == "":
		return denied("it wants authentication, and there is no proxy user")
	case method == methodRefused:
		return denied("it takes neither a password nor everybody")
	default:
		return fmt.Errorf("it chose authentication %d, which was not offered", method)
	}
	if _, err := conn.Write(socks5Request(host, port)); err != nil {
		return err
	}
	return readSOCKS5Reply(conn)
}

func readSOCKS5Method(r io.Reader) (byte, error) {
	var b [2]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, err
	}
	if b[0] != 5 {
		return 0, fmt.Errorf("it answered with version %d: is it a SOCKS5 proxy?", b[0])
	}
	return b[1], nil
}

// socks5Password logs in (RFC 1929).
func (p *Proxy) socks5Password(conn net.Conn) error {
	password := p.cfg.Password()
	req := slices.Concat([]byte{1, byte(len(p.cfg.User))}, []byte(p.cfg.User), []byte{byte(len(password))}, password)
	clear(password)
	_, err := conn.Write(req)
	clear(req)
	if err != nil {
		return err
	}
	return readSOCKS5Status(conn)
}

func readSOCKS5Status(r io.Reader) error {
	var b [2]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return err
	}
	if b[1] != 0 {
		return denied("it refuses user name or password (status %d)", b[1])
	}
	// Some proxies repeat SOCKS's version here instead of the one of RFC 1929.
	return nil
}

func socks5Request(host string, port uint16) []byte {
	req := []byte{5, 1, 0}
	addr, err := netip.ParseAddr(host)
	switch addr = addr.Unmap().WithZone(""); {
	case err != nil:
		req = append(append(req, addrName, byte(len(host))), host...)
	case addr.Is4():
		req = append(append(req, addrIPv4), addr.AsSlice()...)
	default:
		req = append(append(req, addrIPv6), addr.AsSlice()...)
	}
	return binary.BigEndian.AppendUint16(req, port)
}

// readSOCKS5Reply reads the final answer, and skips the address in it.
func readSOCKS5Reply(r io.Reader) error {
	var b [5]byte // up to the first byte of the address
	if _, err := io.ReadFull(r, b[:4]); err != nil {
		return err
	}
	if b[0] != 5 {
		return fmt.Errorf("it answered with version %d: is it a SOCKS5 proxy?", b[0])
	}
	if b[1] != 0 {
		return socks5Refusal(b[1]) // nothing follows
	}
	var rest int
	switch b[3] {
	case addrIPv4:
		rest = 4
	case addrIPv6:
		rest = 16
	case addrName:
		if _, err := io.ReadFull(r, b[4:]); err != nil {
			return err
		}
		rest = int(b[4])
	default:
		return fmt.Errorf("it answered with an address of type %d", b[3])
	}
	var skip [maxHost + 2]byte
	_, err := io.ReadFull(r, skip[:rest+2])
	return err
}

// socks5Refusal puts RFC 1928 6 into words.
func socks5Refusal(code byte) error {
	switch code {
	case 1:
		return fmt.Errorf("general failure (reply 1)")
	case 2:
		return fmt.Errorf("its rules do not allow it (reply 2)")
	case 3:
		return noTarget("network unreachable (reply 3)")
	case 4:
		return noTarget("host unreachable (reply 4)")
	case 5:
		return noTarget("connection refused (reply 5)")
	case 6:
		return noTarget("too far away (reply 6)")
	case 7:
		return fmt.Errorf("it makes no connections (reply 7)")
	case 8:
		return fmt.Errorf("it does not know this type of address (reply 8)")
	}
	return fmt.Errorf("reply %d is unknown", code)
}
