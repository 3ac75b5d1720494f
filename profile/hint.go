// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"net/netip"
	"strings"

	"network-manager-softether/po"
)

// HintTCP is the hint that permits TCP only.
const HintTCP = "tcp"

// ParseGateway splits a server in the official client's notation, host/hint, where the host may have a port
// as in [ParseEndpoint]. The hint distinguishes servers that share an address behind a NAT: it is the name or
// the private address of the computer. The words by which the official client means "no NAT traversal" all
// become [HintTCP]; "" is no hint.
func ParseGateway(s string) (Endpoint, string, error) {
	host, hint, hinted := strings.Cut(s, "/")
	if !hinted || strings.Contains(s, "://") {
		e, err := ParseEndpoint(s)
		return e, "", err
	}
	e, err := ParseEndpoint(host)
	if err != nil {
		return e, "", err
	}
	switch strings.ToLower(hint) {
	case "tcp", "disable", "disabled", "no", "none": // softether-protocol.md 11.1
		return e, HintTCP, nil
	}
	if _, err := netip.ParseAddr(hint); err != nil && badHostName(hint) != "" {
		return Endpoint{}, "", po.Error("after the slash, enter the name or the private address of the server's computer, or the word tcp")
	}
	return e, hint, nil
}

// hintFits: with TCP, or inside DNS or ICMP, nothing could tell the servers apart.
func hintFits(p *Profile) error {
	switch {
	case p.Hint == HintTCP && p.Transport != TransportTCP:
		return &ValueError{
			Key: KeyTransport, Value: string(p.Transport), Allowed: "gateway ends in /tcp, which requires transport=tcp",
			Page: po.T("the server ends in /tcp, so only TCP is possible"),
		}
	case p.Hint != "" && p.Hint != HintTCP && p.Transport != TransportUDP:
		return &ValueError{
			Key: KeyTransport, Value: string(p.Transport), Allowed: "what follows the slash in gateway (" + p.Hint + ") is a hint for NAT traversal, which requires transport=udp",
			Page: po.F("a server name after the slash (%s) requires UDP", p.Hint),
		}
	}
	return nil
}
