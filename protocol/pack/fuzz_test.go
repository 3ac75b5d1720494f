// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol/pack"
)

// FuzzParse holds that what parses can be built again, and then means the same.
func FuzzParse(f *testing.F) {
	for _, tt := range vectors {
		f.Add(unhex(f, tt.wire))
	}
	f.Add(unhex(f, "00000800 00000002 61 00000000 00004000 00000001"))
	f.Add(unhex(f, "00000001 00000002 75 00000003 00000001 00000003 200020"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := pack.Parse(b)
		if err != nil {
			if p != nil {
				t.Error("a pack in spite of an error")
			}
			return
		}
		once, err := p.Marshal()
		if err != nil {
			t.Fatalf("a pack that parses cannot be built: %v", err)
		}
		again, err := pack.Parse(once)
		if err != nil {
			t.Fatalf("a pack that was built does not parse: %v", err)
		}
		if diff := cmp.Diff(contents(p), contents(again)); diff != "" {
			t.Errorf("the content changed (-want +got):\n%s", diff)
		}
		if twice, _ := again.Marshal(); !bytes.Equal(once, twice) {
			t.Error("the bytes changed")
		}
	})
}

// A count in a header must not make the parser reserve memory for it.
func TestHugeCountsCostNothing(t *testing.T) {
	for _, wire := range []string{
		"00000800 00000002 61 00000000 00004000 00000001",
		"00000001 00000002 61 00000001 00004000 00000001",
		"00000001 00000002 61 00000001 00000001 00100000",
	} {
		b := unhex(t, wire)
		const rounds = 100
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			if _, err := pack.Parse(b); err == nil {
				t.Fatal("a lie was believed")
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / rounds; each > 4096 {
			t.Errorf("%s: %d bytes allocated", wire, each)
		}
	}
}
