// SPDX-License-Identifier: Apache-2.0

//go:build race

package protocol

// With the race detector, sync.Pool forgets on purpose.
const raceDetector = true
