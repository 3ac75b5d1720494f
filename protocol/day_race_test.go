// SPDX-License-Identifier: Apache-2.0

//go:build race

package protocol_test

import "time"

// day is short where the race detector watches: timers that fire in a bubble of
// testing/synctest fill its shadow stack, and after some 30 hours of this test
// Go 1.26.8 ends with a segmentation fault in __sanitizer::StackDepotBase::Put.
// make unit runs the whole day without the detector, too.
const day = 4 * time.Hour
