// SPDX-License-Identifier: Apache-2.0

//go:build race

package tapbridge_test

const raceDetector = true
