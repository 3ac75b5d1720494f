// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestStrictModeHoldsForAFamilyThatTheKernelLacks(t *testing.T) {
	const missing = unix.AF_UNIX // it has no routes
	if _, err := netlink.RuleList(missing); !errors.Is(err, unix.EAFNOSUPPORT) {
		t.Fatalf("the kernel says of its rules: %v", err)
	}
	if !guarded(missing) {
		t.Error("a family without routes is taken for a hole")
	}
}

func TestTheKernelIsAskedAgainWhereItsAnswerLacksSomething(t *testing.T) {
	broken := errors.New("no socket")
	for name, tt := range map[string]struct {
		interrupted int
		then        error
		want        []int
	}{
		"never":                     {0, nil, []int{0}},
		"twice":                     {2, nil, []int{2}},
		"twice, and then it breaks": {2, broken, nil},
		"always":                    {1 << 20, nil, []int{9}},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			l, err := whole(func() ([]int, error) {
				asked++
				if asked <= tt.interrupted {
					return []int{asked - 1}, fmt.Errorf("links: %w", netlink.ErrDumpInterrupted)
				}
				if tt.then != nil {
					return nil, tt.then
				}
				return []int{asked - 1}, nil
			})
			if !slices.Equal(l, tt.want) || !errors.Is(err, tt.then) {
				t.Errorf("%v, %v after %d questions, want %v, %v", l, err, asked, tt.want, tt.then)
			}
		})
	}
}
