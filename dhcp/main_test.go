// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"testing"

	"network-manager-softether/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
