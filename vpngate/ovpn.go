// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"
)

// tcpPort finds the TCP port in an OpenVPN configuration; ok is false if there is none, as for a relay that offers
// OpenVPN over UDP only. A SoftEther listener serves its own protocol and OpenVPN on the same TCP port, so one tells
// the other.
//
// What counts is "remote HOST PORT [PROTO]" and "proto" (openvpn(8)): a remote without a protocol of its own has the
// general one, which is UDP by default.
func tcpPort(config string) (port uint16, ok bool) {
	type remote struct{ port, proto string }
	var remotes []remote
	proto, general := "udp", ""
	block := "" // end mark of the current inline file
	for line := range strings.Lines(config) {
		line = strings.TrimSpace(line)
		switch {
		case block != "":
			if line == block {
				block = ""
			}
			continue
		case strings.HasPrefix(line, "<") && strings.HasSuffix(line, ">"):
			// A <connection> contains directives; every other block contains keys and certificates.
			if name := strings.Trim(line, "</>"); name != "connection" && !strings.HasPrefix(line, "</") {
				block = "</" + name + ">"
			}
			continue
		}
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "proto":
			proto = words[1]
		case "port", "rport":
			general = words[1]
		case "remote":
			r := remote{}
			if len(words) > 2 {
				r.port = words[2]
			}
			if len(words) > 3 {
				r.proto = words[3]
			}
			remotes = append(remotes, r)
		}
	}
	for _, r := range remotes {
		if r.proto == "" {
			r.proto = proto
		}
		if r.port == "" {
			r.port = general
		}
		if !strings.HasPrefix(r.proto, "tcp") { // tcp, tcp4, tcp6, tcp-client ...
			continue
		}
		if n, err := strconv.ParseUint(r.port, 10, 16); err == nil && n > 0 {
			return uint16(n), true
		}
	}
	return 0, false
}
