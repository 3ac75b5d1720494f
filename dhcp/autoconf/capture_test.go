// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv6"

	"network-manager-softether/dhcp/internal/packet"
)

var update = flag.Bool("update", false, "write what is read out of the captures as what is wanted")

// captured reads a frame from testdata: lines of hexadecimal, below a comment that says whose it is.
func captured(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, digits, _ := strings.Cut(string(text), "\n")
	frame, err := hex.DecodeString(strings.ReplaceAll(digits, "\n", ""))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return frame
}

// told is what is read out of a frame, a line for each thing.
func told(frame []byte) string {
	if a, ok := parseAdvert(frame); ok {
		lines := []string{fmt.Sprintf("router %v for %v, preference %d, managed %t, other %t, MTU %d, damaged %d", a.router, a.life, a.pref, a.managed, a.other, a.mtu, a.damaged)}
		for _, p := range a.prefixes {
			lines = append(lines, fmt.Sprintf("prefix %v, on the link %t, for addresses %t, valid %v, preferred %v", p.prefix, p.onLink, p.auto, p.valid, p.preferred))
		}
		for _, r := range a.routes {
			lines = append(lines, fmt.Sprintf("route %v, preference %d, for %v", r.dst, r.pref, r.life))
		}
		for _, d := range a.dns {
			lines = append(lines, fmt.Sprintf("DNS %v for %v", d.addr, d.life))
		}
		for _, d := range a.domains {
			lines = append(lines, fmt.Sprintf("domain %v for %v", d.name, d.life))
		}
		return strings.Join(lines, "\n") + "\n"
	}
	// The client's identity is in the answer to it.
	u, ok := packet.ParseUDP(frame)
	if !ok {
		return "nothing\n"
	}
	m, err := dhcpv6.MessageFromBytes(u.Payload)
	if err != nil {
		return err.Error() + "\n"
	}
	var mac packet.MAC
	duid := m.Options.ClientID().ToBytes()
	copy(mac[:], duid[len(duid)-len(mac):])
	r, ok := newIdentity(mac, duid, nil).parseReply6(frame)
	if !ok || r.grant == nil {
		return "nothing for us\n"
	}
	lines := []string{fmt.Sprintf("%v, rapid %t, status %v %v, T1 %v, T2 %v", r.kind, r.rapid, r.status, r.grant.status, r.grant.t1, r.grant.t2)}
	for _, a := range r.grant.addrs {
		lines = append(lines, fmt.Sprintf("address %v, valid %v, preferred %v", a.addr, a.valid, a.preferred))
	}
	return strings.Join(append(lines, fmt.Sprint("DNS ", r.dns), fmt.Sprint("domains ", r.domains)), "\n") + "\n"
}

// What routers and servers on a real hub sent, and what is read out of it.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob("testdata/captures/*.hex")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, file := range files {
		got, golden := told(captured(t, file)), strings.TrimSuffix(file, ".hex")+".told"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", file, diff)
		}
	}
}
