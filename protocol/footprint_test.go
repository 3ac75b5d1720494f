// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"runtime"
	"strings"
	"testing"
)

// memory returns how many bytes the whole process has in use.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// countAllocations has the runtime remember every allocation until the test ends, for
// [clientAllocated].
func countAllocations(t *testing.T) {
	usual := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	t.Cleanup(func() { runtime.MemProfileRate = usual })
}

// clientAllocated returns how many bytes the client has ever allocated, itself and
// through what it calls. A test's server runs in goroutines of its own, and does not
// count. Between two calls that is more than the client had in use at any time.
func clientAllocated() (sum int64) {
	runtime.GC() // makes the profile complete up to here
	records := make([]runtime.MemProfileRecord, 4096)
	n, ok := runtime.MemProfile(records, true)
	for !ok {
		records = make([]runtime.MemProfileRecord, n+n/8)
		n, ok = runtime.MemProfile(records, true)
	}
	for _, r := range records[:n] {
		ours, known := clientStacks[r.Stack0]
		if !known {
			ours = isClient(r.Stack())
			clientStacks[r.Stack0] = ours
		}
		if ours {
			sum += r.AllocBytes
		}
	}
	return sum
}

// clientStacks remembers what isClient has found: names take long to look up.
var clientStacks = map[[32]uintptr]bool{}

// isClient reports whether a function of package protocol, or of its data path, is in the stack.
func isClient(stack []uintptr) bool {
	for frames := runtime.CallersFrames(stack); ; {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "network-manager-softether/protocol.") ||
			strings.HasPrefix(f.Function, "network-manager-softether/protocol/internal/datapath.") {
			return true
		}
		if !more {
			return false
		}
	}
}
