// SPDX-License-Identifier: Apache-2.0

// Package sandbox takes a process that needs root to open a TAP device, and leaves of its
// rights what carrying frames to a server takes that nobody trusts yet: [Enter].
//
// The rights are given up for all threads at once (libcap's psx, and seccomp's TSYNC), so
// that it does not matter on which the goroutines run.
package sandbox
