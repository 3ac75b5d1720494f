// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	"network-manager-softether/lab/plan"
)

// placeFaults are what a computer meets that is carried about. A calm storm does without.
var placeFaults = []fault{
	{"plug sits badly", 0, time.Second, cables, false, func(_ context.Context, s *storm) (func() error, error) {
		var errs []error
		for range 10 {
			errs = append(errs, s.SetCable(0, false))
			time.Sleep(time.Duration(20+s.random.IntN(180)) * time.Millisecond)
			errs = append(errs, s.SetCable(0, true))
			time.Sleep(time.Duration(20+s.random.IntN(180)) * time.Millisecond)
		}
		return nil, errors.Join(errs...)
	}},
	{"login page", time.Second, 8 * time.Second, line, false, func(ctx context.Context, s *storm) (func() error, error) {
		return s.LoginPage(ctx, plan.Bases[0])
	}},
}
