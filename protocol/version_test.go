// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"testing"

	. "network-manager-softether/protocol/softethertest"
)

// eachVersion runs a test against both servers that there are: 5.01, which Debian has
// and the end-to-end tests run against, and 5.02, which could not be had and is
// imitated.
func eachVersion(t *testing.T, test func(t *testing.T, server Option)) {
	t.Run("5.01", func(t *testing.T) { test(t, As501()) })
	t.Run("5.02", func(t *testing.T) { test(t, As502()) })
}
