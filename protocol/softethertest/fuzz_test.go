// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bufio"
	"bytes"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
)

// FuzzDeframer holds that pieces do not matter.
func FuzzDeframer(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x02bc"), 3)
	f.Add([]byte("\xff\xff\xff\xff\x00\x00\x00\x03abc\x00\x00\x00\x01\x00\x00\x00\x01a"), 5)
	f.Add([]byte("\x00\x00\x00\x01\x00\x00\x0c\x81"), 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if n < 1 {
			return
		}
		_, whole, err := feed(b, len(b)+1)
		_, pieces, err2 := feed(b, n)
		if diff := cmp.Diff(whole, pieces); diff != "" || (err == nil) != (err2 == nil) {
			t.Errorf("errors %v and %v, frames differ (-whole +pieces):\n%s", err, err2, diff)
		}
	})
}

// FuzzRequest holds that a request that is read is within its bounds.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("POST /vpnsvc/connect.cgi HTTP/1.1\r\nContent-Length: 10\r\n\r\nVPNCONNECT"))
	f.Add([]byte("POST /vpnsvc/vpn.cgi HTTP/1.1\nContent-Type: application/octet-stream\nContent-Length: 4\n\n\x00\x00\x00\x00"))
	f.Add([]byte("GET / HTTP/1.1\r\nX:\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := readRequest(bufio.NewReaderSize(bytes.NewReader(b), maxLine))
		if err != nil {
			return
		}
		if len(q.body) > maxBody || len(q.header) > maxHeaders || len(q.body) > 0 && int64(len(q.body)) != q.length {
			t.Errorf("a body of %d bytes, announced %d, with %d headers", len(q.body), q.length, len(q.header))
		}
		if isPackRequest(q) && q.header["content-type"] != typePack {
			t.Errorf("a pack of type %q", q.header["content-type"])
		}
		if status := signatureAnswer(q); status == "200 OK" && !isSignature(q.body) {
			t.Error("a wrong signature was taken")
		}
	})
}

// FuzzDHCP holds that whatever a client sends is answered with a whole frame to
// it, or not at all.
func FuzzDHCP(f *testing.F) {
	mac := net.HardwareAddr{0x5e, 1, 2, 3, 4, 5}
	m, err := dhcpv4.NewDiscovery(mac)
	if err != nil {
		f.Fatal(err)
	}
	discover := append(bytes.Repeat([]byte{0xff}, macLen), mac...)
	discover = append(discover, 8, 0, 0x45, 0, 1, 72, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67, 1, 52, 0, 0)
	f.Add(append(discover, m.ToBytes()...))
	f.Add(append(append(bytes.Repeat([]byte{0xff}, macLen), mac...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
		0x5e, 1, 2, 3, 4, 5, 10, 66, 0, 10, 0, 0, 0, 0, 0, 0, 10, 66, 0, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		reply, mine := NewDHCP(Lease{}).respond(b)
		if reply == nil {
			return
		}
		if !mine || len(reply) < 42 || len(reply) > 1514 || !bytes.Equal(reply[6:12], dhcpMAC) {
			t.Errorf("mine %v, reply %x", mine, reply)
		}
	})
}
