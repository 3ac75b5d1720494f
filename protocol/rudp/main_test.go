// SPDX-License-Identifier: Apache-2.0

package rudp_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"network-manager-softether/internal/leaktest"
)

func TestMain(m *testing.M) {
	if os.Getenv(unprivilegedVar) != "" {
		if err := withoutRights(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	leaktest.Main(m)
}

// within2 bounds a dial in a process of its own.
func within2() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), leaktest.Patience)
	time.AfterFunc(leaktest.Patience, cancel)
	return ctx
}
