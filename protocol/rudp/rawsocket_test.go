// SPDX-License-Identifier: Apache-2.0

package rudp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"kernel.org/pub/linux/libs/security/libcap/cap"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol/rudp"
)

const unprivilegedVar = "RUDP_TEST_UNPRIVILEGED"

// withoutRights gives up all capabilities and dials ICMP to the address in unprivilegedVar again and again, leaving the
// connections open, with a Dialer that was prepared before. One that was not must fail.
func withoutRights() error {
	server := netip.AddrPortFrom(netip.MustParseAddr(os.Getenv(unprivilegedVar)), 443).String()
	prepared, other := &rudp.Dialer{Ways: []rudp.Way{rudp.ICMP}}, &rudp.Dialer{Ways: []rudp.Way{rudp.ICMP}}
	if err := prepared.Prepare(); err != nil {
		return err
	}
	defer prepared.Close()
	if err := cap.NewSet().SetProc(); err != nil {
		return err
	}
	var left net.Conn
	for range 8 { // more than there are sockets
		c, err := prepared.DialContext(within2(), "tcp", server)
		if err != nil {
			return err
		}
		defer c.Close()
		for _, c := range []net.Conn{left, c} { // the one before still works
			if c == nil {
				continue
			}
			c.SetDeadline(time.Now().Add(leaktest.Patience))
			b := make([]byte, 5)
			if _, err = c.Write([]byte("hello")); err == nil {
				_, err = io.ReadFull(c, b)
			}
			if err != nil || !bytes.Equal(b, []byte("hello")) {
				return errors.Join(errors.New("no echo"), err)
			}
		}
		left = c
	}
	if _, err := other.DialContext(within2(), "tcp", server); !errors.Is(err, rudp.ErrNoPrivilege) {
		return errors.Join(errors.New("dialled without the right"), err)
	}
	return nil
}

// A service that has given up its rights can still connect again.
func TestICMPWithoutRights(t *testing.T) {
	l, _ := listen(t, "icmp")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(c, c)
		}
	}()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), unprivilegedVar+"="+l.AddrPort().Addr().String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPrepareOnlyWhatIsUsed(t *testing.T) {
	d := &rudp.Dialer{Ways: []rudp.Way{rudp.DNS}}
	if err := d.Prepare(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if c, err := d.DialContext(t.Context(), "tcp", netip.AddrPortFrom(netip.IPv6Loopback(), 443).String()); c != nil || err == nil {
		t.Errorf("%v, %v", c, err)
	}
}
