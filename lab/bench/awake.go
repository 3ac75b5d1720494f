// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// keepAwake keeps all processors from sleeping, until the function it returns is called, and stands back for everything
// else. To wake one that sleeps takes a multiple of what is measured, on a virtual machine most of all.
func keepAwake() func() {
	var (
		over     atomic.Bool
		spinning sync.WaitGroup
	)
	n := runtime.NumCPU()
	before := runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n) // besides what the rest of us needs
	for range n {
		spinning.Go(func() {
			runtime.LockOSThread() // and not unlocked: the thread ends with the goroutine
			attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
			if unix.SchedSetAttr(0, &attr, 0) != nil {
				return
			}
			for !over.Load() {
			}
		})
	}
	return func() {
		over.Store(true)
		spinning.Wait()
		runtime.GOMAXPROCS(before)
	}
}
