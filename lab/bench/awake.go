// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// keepAwake keeps all processors from sleeping while f runs, and yields to everything else. Waking one that
// sleeps takes many times what is measured, especially on a virtual machine.
func keepAwake(f func() error) error {
	var (
		over     atomic.Bool
		spinning sync.WaitGroup
	)
	errs := make([]error, runtime.NumCPU())
	before := runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + len(errs)) // besides what the rest of us needs
	for i := range errs {
		spinning.Go(func() {
			runtime.LockOSThread() // and not unlocked: the thread ends with the goroutine
			attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
			if errs[i] = os.NewSyscallError("sched_setattr", unix.SchedSetAttr(0, &attr, 0)); errs[i] != nil {
				return
			}
			for !over.Load() {
			}
		})
	}
	err := f()
	over.Store(true)
	spinning.Wait()
	runtime.GOMAXPROCS(before)
	return errors.Join(append(errs, err)...)
}
