// SPDX-License-Identifier: Apache-2.0

// Package procfs reads from /proc what a test wants to know about a process: what it has used, what it
// listens on, its children, and the content of its memory.
package procfs
