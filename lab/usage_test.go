// SPDX-License-Identifier: Apache-2.0

package lab_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"network-manager-softether/lab"
)

func TestUsageCountsWorkMemoryAndWakeUps(t *testing.T) {
	before, err := lab.UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	kept := make([]byte, 32<<20)
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
		for i := 0; i < len(kept); i += 4096 {
			kept[i]++
		}
	}
	for range 5 {
		time.Sleep(time.Millisecond)
	}
	after, err := lab.UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(kept)
	if cpu := after.CPU - before.CPU; cpu < 20*time.Millisecond || cpu > 10*time.Second {
		t.Errorf("100 ms of work count as %v", cpu)
	}
	for what, grown := range map[string]int64{"RSS": after.RSS - before.RSS, "Private": after.Private - before.Private} {
		if grown < 30<<20 || grown > 100<<20 {
			t.Errorf("32 MiB more are %d bytes of %s", grown, what)
		}
	}
	if after.Switches < before.Switches+5 {
		t.Errorf("five naps are %d context switches", after.Switches-before.Switches)
	}
	if _, err := lab.UsageOf(1 << 30); err == nil {
		t.Error("a process that does not exist has used something")
	}
}
