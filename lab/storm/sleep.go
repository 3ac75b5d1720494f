// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// sleepFault is a computer that sleeps, as far as its VPNs can tell: logind says so, and their services are
// stopped until they are told that it is awake. The longest sleeps outlast the server's memory of a session
// (20 s).
var sleepFault = fault{"computer asleep", time.Second, 25 * time.Second, nm | services, false, func(ctx context.Context, s *storm) (func() error, error) {
	if _, err := s.logind.Sleep(ctx); err != nil {
		return nil, errors.Join(err, s.logind.Wake())
	}
	pids := s.Desktop.Services()
	return func() error { return errors.Join(signal(pids, syscall.SIGCONT), s.logind.Wake()) }, signal(pids, syscall.SIGSTOP)
}}

// signal sends a signal to all of these processes.
func signal(pids []int, sig syscall.Signal) error {
	var errs []error
	for _, pid := range pids {
		errs = append(errs, syscall.Kill(pid, sig))
	}
	return errors.Join(errs...)
}
