// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"network-manager-softether/protocol/rudp"
)

func (l *Lab) newInternet() (err error) {
	// softether-vpnserver has its directories compiled in (softether-protocol.md 16).
	l.Internet, err = newHost(l.dir, "internet", []string{"/var/lib", "/var/log", "/run/softether"}, func(h *Host) error {
		if err := h.privateEtc(); err != nil {
			return err
		}
		if err := os.WriteFile("/etc/resolv.conf", []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
			return err
		}
		return forward(h)
	})
	if err == nil {
		l.Server = &Server{Host: l.Internet, lab: l}
	}
	return err
}

// internetServices starts what the Internet offers besides the VPN server: a name server and a web page that says who
// asks.
func (l *Lab) internetServices() error {
	if err := whoAmI(l.Internet, EverywhereWeb.String()+":80", "internet"); err != nil {
		return err
	}
	conf := append([]string{"no-resolv", "no-hosts", "bind-dynamic", "user=root", "pid-file=", "log-facility=-", "local=/test/"}, publicNames()...)
	conf = append(conf, "addn-hosts="+l.Internet.Path(movingNames), "")
	if err := os.WriteFile(l.Internet.Path(movingNames), nil, 0o644); err != nil {
		return err
	}
	var err error
	l.internetDNS, err = l.Internet.dnsmasq("dnsmasq-internet", strings.Join(conf, "\n"))
	return err
}

// publicNames are the names that every DNS server of the lab knows, in dnsmasq's language.
func publicNames() []string {
	return []string{
		fmt.Sprintf("host-record=%s,%v,%v", ServerName, ServerAddr, ServerAddr6),
		fmt.Sprintf("host-record=%s,%v", ServerName4, ServerAddr),
		fmt.Sprintf("host-record=%s,%v", ServerName6, ServerAddr6),
		fmt.Sprintf("host-record=%s,203.0.113.99,2001:db8:113::99", MovedServerName),
		fmt.Sprintf("host-record=%s,%v", MovedServerName, ServerAddr),
		fmt.Sprintf("host-record=www.public.test,%v", EverywhereWeb),
		fmt.Sprintf("host-record=%s,%v", ProxyName, ProxyAddr),
		fmt.Sprintf("host-record=%s,%v", strings.TrimSuffix(rudp.RendezvousHost(ServerAddr), "."), ServerAddr),
		fmt.Sprintf("address=/nat-traversal.softether-network.net/%v", RendezvousAddr),
	}
}

// MoveName gives a name another address, as the Internet's name server has it, or makes it.
func (l *Lab) MoveName(name string, addr netip.Addr) error {
	if err := os.WriteFile(l.Internet.Path(movingNames), []byte(fmt.Sprintf("%v %s\n", addr, name)), 0o644); err != nil {
		return err
	}
	return syscall.Kill(l.internetDNS.PID(), syscall.SIGHUP)
}

// movingNames is the file of the name that MoveName moves.
const movingNames = "/etc/moving-names"

// dnsmasq starts dnsmasq on the host with that configuration.
func (h *Host) dnsmasq(name, conf string) (*Process, error) {
	file := h.Path("/" + name + ".conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return nil, err
	}
	return h.Start(name, Command{Args: []string{"dnsmasq", "--keep-in-foreground", "--conf-file=" + file}})
}

// whoAmI serves a page with two words: the name of the place, and the address the request came from.
func whoAmI(h *Host, addr, place string) error {
	l, err := h.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, place, from)
	})}
	h.onClose(func() { _ = srv.Close() })
	go func() { _ = srv.Serve(l) }() // ends with Close
	return nil
}

// BlackHole makes the VPN server's side drop silently all that comes from the desktop, or stop doing so.
func (l *Lab) BlackHole(ctx context.Context, on bool) error {
	if !on {
		_, err := l.Internet.Must(ctx, "nft", "delete", "table", "inet", "blackhole")
		return err
	}
	_, err := l.Internet.Must(ctx, "nft", `table inet blackhole {
		chain to_server { type filter hook input priority 0; iifname "wan*" drop; }
		chain beyond { type filter hook forward priority 0; iifname "wan*" drop; }
	}`)
	return err
}

// ResetConnections resets every TCP connection from the desktop to the VPN server, at both ends.
func (l *Lab) ResetConnections(ctx context.Context) error {
	_, err := l.Internet.Must(ctx, "ss", "--tcp", "--kill", "--no-header", "state", "established", "src", ServerAddr.String())
	return err
}

// ForgetConnections does what a NAT box does that has lost its table: every packet of the present TCP connections to
// the VPN server is answered by a reset, and the server hears nothing of it. New connections work.
func (l *Lab) ForgetConnections(ctx context.Context) error {
	out, err := l.Internet.Must(ctx, "ss", "--tcp", "--numeric", "--no-header", "state", "established", "src", ServerAddr.String())
	if err != nil {
		return err
	}
	var ports []string
	for line := range strings.Lines(out) {
		f := strings.Fields(line) // queues, local and remote address
		if len(f) >= 4 {
			_, port, err := net.SplitHostPort(f[3])
			if err != nil {
				return fmt.Errorf("ss says %q: %w", line, err)
			}
			ports = append(ports, port)
		}
	}
	if len(ports) == 0 {
		return errors.New("the VPN server has no connection")
	}
	_, err = l.Internet.Must(ctx, "nft", fmt.Sprintf(`table ip forgotten {
		chain to_server { type filter hook input priority 0; tcp sport { %s } reject with tcp reset; }
	}`, strings.Join(ports, ", ")))
	return err
}
