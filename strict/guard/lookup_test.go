// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"fmt"
	"strings"
	"testing"
)

// Whoever has the addresses in the profile gets them back from the service, which takes none of these.
func TestAServerIsNotThisComputer(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1"} {
		list, err := lookup(t.Context(), host)
		if err == nil || !strings.Contains(unresolved(host, err).Error(), "is not the address of a server") {
			t.Errorf("%s: %v, %v", host, list, err)
		}
	}
	if list, err := lookup(t.Context(), "::ffff:192.0.2.1"); err != nil || fmt.Sprint(list) != "[192.0.2.1]" {
		t.Errorf("a server has %v, %v", list, err)
	}
}
