// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			digits.WriteString(strings.TrimSpace(line))
		}
	}
	frame, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return frame
}

func captures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/captures/*.hex")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	return files
}

// What servers on real hubs sent, and the lease that comes of it.
func TestCaptures(t *testing.T) {
	for _, file := range captures(t) {
		frame := captured(t, file)
		mac := packet.MAC(frame[42+chaddrOffset:])
		r, ok := parseReply(frame, mac, append([]byte{hardwareEthernet}, mac[:]...))
		if !ok {
			t.Errorf("%s is not read", file)
			continue
		}
		l, n, err := judge(r, time.Now(), false)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		lines := []string{l.String()}
		for _, route := range l.Routes {
			lines = append(lines, "route "+route.String())
		}
		if l.SetAside.IsValid() {
			lines = append(lines, fmt.Sprint("set aside ", l.SetAside))
		}
		for _, note := range n.list {
			lines = append(lines, "note "+note)
		}
		got := strings.Join(lines, "\n") + "\n"
		golden := strings.TrimSuffix(file, ".hex") + ".lease"
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
