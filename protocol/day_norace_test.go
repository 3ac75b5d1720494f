// SPDX-License-Identifier: Apache-2.0

//go:build !race

package protocol_test

import "time"

const day = 24 * time.Hour
