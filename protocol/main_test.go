// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"flag"
	"testing"

	"network-manager-softether/internal/leaktest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most tests that run in parallel only wait for a server that keeps silent.
	flag.Set("test.parallel", "16")
	leaktest.Main(m)
}
