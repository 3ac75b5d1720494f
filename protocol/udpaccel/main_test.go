// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"testing"

	"network-manager-softether/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
