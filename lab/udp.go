// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"encoding/json"
	"fmt"

	"network-manager-softether/lab/netns"
)

// accelerated is where vpnserver's UDP acceleration listens: the first free port of these.
const accelerated = "40000-44999"

// CountCarriers starts counting the packets between the desktop and the VPN server.
func (l *Lab) CountCarriers(ctx context.Context) error {
	_, err := l.Internet.Must(ctx, "nft", fmt.Sprintf(`table inet carriers {
		counter udp_up {}
		counter udp_down {}
		counter tcp_up {}
		counter tcp_down {}
		chain to_server {
			type filter hook input priority -10
			iifname "wan*" udp dport %[1]s counter name udp_up
			iifname "wan*" tcp dport 443 counter name tcp_up
		}
		chain from_server {
			type filter hook output priority -10
			oifname "wan*" udp sport %[1]s counter name udp_down
			oifname "wan*" tcp sport 443 counter name tcp_down
		}
	}`, accelerated))
	return err
}

// Carriers are numbers of packets between the desktop and the VPN server, and the bytes of those that are UDP.
type Carriers struct {
	UDPUp, UDPDown, TCPUp, TCPDown int
	UDPUpBytes, UDPDownBytes       int
}

// Sub returns what was counted after o.
func (c Carriers) Sub(o Carriers) Carriers {
	return Carriers{c.UDPUp - o.UDPUp, c.UDPDown - o.UDPDown, c.TCPUp - o.TCPUp, c.TCPDown - o.TCPDown, c.UDPUpBytes - o.UDPUpBytes, c.UDPDownBytes - o.UDPDownBytes}
}

// Carriers returns what was counted since CountCarriers.
func (l *Lab) Carriers(ctx context.Context) (Carriers, error) {
	out, err := l.Internet.Must(ctx, "nft", "--json", "list", "counters", "table", "inet", "carriers")
	if err != nil {
		return Carriers{}, err
	}
	var list struct {
		Nftables []struct {
			Counter struct {
				Name           string
				Packets, Bytes int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return Carriers{}, fmt.Errorf("nft says %q: %w", out, err)
	}
	var c Carriers
	for _, o := range list.Nftables {
		switch o.Counter.Name {
		case "udp_up":
			c.UDPUp, c.UDPUpBytes = o.Counter.Packets, o.Counter.Bytes
		case "udp_down":
			c.UDPDown, c.UDPDownBytes = o.Counter.Packets, o.Counter.Bytes
		case "tcp_up":
			c.TCPUp = o.Counter.Packets
		case "tcp_down":
			c.TCPDown = o.Counter.Packets
		}
	}
	return c, nil
}

// BlockUDP loses all packets of UDP acceleration in transit, in both directions, or stops doing so. Neither
// end notices: each drops what arrives, as a packet that its own kernel refuses to send would end the session
// at the server.
func (l *Lab) BlockUDP(ctx context.Context, on bool) error {
	for host, rule := range map[*netns.Host]string{l.Internet: "udp dport", l.Desktop.Host: "udp sport"} {
		args := []string{"nft", "delete", "table", "inet", "noudp"}
		if on {
			args = []string{"nft", fmt.Sprintf("table inet noudp {\nchain arriving {\ntype filter hook input priority 0\n%s %s drop\n}\n}", rule, accelerated)}
		}
		if _, err := host.Must(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// NarrowUDP makes the path of UDP acceleration silently lose fragments and packets of more than longest
// bytes, in both directions, until it is called again.
func (l *Lab) NarrowUDP(ctx context.Context, longest int) error {
	for host, rule := range map[*netns.Host]string{l.Internet: "udp dport", l.Desktop.Host: "udp sport"} {
		// Before the kernel puts fragments together (priority -400).
		table := fmt.Sprintf("table ip narrow {}\nflush table ip narrow\ntable ip narrow {\nchain arriving {\ntype filter hook prerouting priority -450\n"+
			"ip frag-off & 0x3fff != 0 counter drop\n%s %s ip length > %d counter drop\n}\n}", rule, accelerated, longest)
		if _, err := host.Must(ctx, "nft", table); err != nil {
			return err
		}
	}
	// What the kernel has not split yet would count as a long packet.
	_, err := l.Desktop.Must(ctx, "ip", "link", "set", "base0", "gso_max_segs", "1")
	return err
}
