// SPDX-License-Identifier: Apache-2.0

// Package netns makes computers out of Linux namespaces: a [Host] has a network, a mount table, programs that run on it,
// and cables to others. A [Line] is a cable that delays, loses and reorders frames.
//
// A program that uses it calls [Main] first, which starts the program again inside process, mount, network,
// IPC and host name namespaces of its own. Nothing here knows about VPNs.
package netns
