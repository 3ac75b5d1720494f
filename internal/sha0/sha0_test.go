// SPDX-License-Identifier: Apache-2.0

package sha0

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// The vectors are softether-protocol.md appendix A: two of FIPS 180, the others
// captured from the official client.
func TestKnownSums(t *testing.T) {
	alice := Sum([]byte("secret1"), []byte("ALICE"))
	for _, tt := range []struct {
		name string
		data [][]byte
		want string
	}{
		{"nothing", nil, "f96cea198ad1dd5617ac084a3d92c6107708c0ef"},
		{"empty", [][]byte{{}}, "f96cea198ad1dd5617ac084a3d92c6107708c0ef"},
		{"abc", [][]byte{[]byte("abc")}, "0164b8a914cd2a5e74c4f7ff082c4d97f1edf880"},
		{"abc in pieces", [][]byte{[]byte("a"), nil, []byte("bc")}, "0164b8a914cd2a5e74c4f7ff082c4d97f1edf880"},
		{
			"padding needs a block of its own",
			[][]byte{[]byte("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")},
			"d2516ee1acfa5baf33dfc1c471e438449ef134c8",
		},
		{"password of alice", [][]byte{[]byte("secret1"), []byte("ALICE")}, "5bba7929d51548b6c45e234a3656a74259e05a30"},
		{"empty password of alice", [][]byte{nil, []byte("ALICE")}, "6a18e99e88f473726bc3b5e1e9d6836529c49a80"},
		{"answer of alice", [][]byte{alice[:], bytes.Repeat([]byte{0x11}, 20)}, "24d058d0bbf6e19edac7156806747f85e618d383"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sum := Sum(tt.data...)
			if got := hex.EncodeToString(sum[:]); got != tt.want {
				t.Errorf("sum %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSumDoesNotDependOnThePieces(t *testing.T) {
	for n := range 200 {
		data := []byte(strings.Repeat("x", n))
		whole := Sum(data)
		for cut := range n {
			if Sum(data[:cut], data[cut:]) != whole {
				t.Fatalf("%d bytes cut at %d hash differently", n, cut)
			}
		}
	}
}
