// SPDX-License-Identifier: Apache-2.0

// Package leaktest looks for goroutines that the tests of a package left behind.
package leaktest

import (
	"testing"

	"go.uber.org/goleak"
)

// M is a [testing.M] for testscript.Main, which fails if goroutines are left after all tests.
type M struct{ *testing.M }

// Run runs the tests.
func (m M) Run() int {
	code := m.M.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		println(err.Error())
		return 1
	}
	return code
}
