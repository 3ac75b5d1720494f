// SPDX-License-Identifier: Apache-2.0

package procfs_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/procfs"
)

func TestUsageCountsWorkMemoryAndWakeUps(t *testing.T) {
	debug.FreeOSMemory() // what is given back later would count against what is taken
	before, err := procfs.UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	kept := make([]byte, 32<<20)
	const work = 100 * time.Millisecond
	for began := ownCPU(t); ownCPU(t)-began < work; {
		for i := 0; i < len(kept); i += 4096 {
			kept[i]++
		}
	}
	for range 5 {
		time.Sleep(time.Millisecond)
	}
	after, err := procfs.UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(kept)
	if cpu := after.CPU - before.CPU; cpu < work*9/10 { // the kernel's ticks are coarse
		t.Errorf("%v of work count as %v", work, cpu)
	}
	for what, grown := range map[string]int64{"RSS": after.RSS - before.RSS, "Private": after.Private - before.Private} {
		if grown < 30<<20 {
			t.Errorf("32 MiB more are %d bytes of %s", grown, what)
		}
	}
	if after.Switches < before.Switches+5 {
		t.Errorf("five naps are %d context switches", after.Switches-before.Switches)
	}
	if _, err := procfs.UsageOf(1 << 30); err == nil {
		t.Error("a process that does not exist has used something")
	}
}

// ownCPU is the processor time of this process, by another way than the one that is tested.
func ownCPU(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
