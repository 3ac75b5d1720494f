// SPDX-License-Identifier: Apache-2.0

// Package sandbox takes a process that needed root to open a TAP device, and leaves it only the privileges
// required to carry frames to a server that nobody trusts yet: [Enter].
//
// Privileges are given up for all threads at once (libcap's psx, and seccomp's TSYNC), so it does not matter
// on which of them the goroutines run.
package sandbox
