// SPDX-License-Identifier: Apache-2.0

// Package offload does in user space what a network card does for a kernel that
// offloads work to it, for whole Ethernet frames and without any file descriptor.
//
// A TAP device opened with IFF_VNET_HDR puts a [Header] before every frame. Towards user space it may then
// pass a superframe of up to 64 KiB, which a [Segmenter] splits into frames that a SoftEther server accepts
// (TCP and UDP, IPv4 and IPv6), and frames whose checksum is unfinished, which it finishes. Towards the
// kernel a [Coalescer] joins consecutive frames of one flow into such a superframe, and lets the last of
// several plain TCP acknowledgements that arrive together stand for all of them.
//
// Three promises hold, and the fuzz targets check them:
//
//   - What is joined and then split again is byte for byte what it was. The one
//     exception is the identification of IPv4 datagrams that cannot be fragmented
//     and all carry the same one; it has no meaning there (RFC 6864 4.1).
//   - A frame is only joined to another after its own checksums were found right,
//     for the kernel takes a superframe's checksum on trust.
//   - An acknowledgement is only left out if the next frame of its flow is one that says
//     all it said, as if the computer at the other end had acknowledged less often, which
//     it may (RFC 9293 3.8.6.3); and never if it says anything else.
//
// Whatever is not a plain TCP or UDP segment with data (VLAN tags, IP options and
// extension headers, fragments, IPsec, other TCP flags than ACK and PSH, padding,
// broadcasts) passes through untouched.
//
// Nothing here allocates after construction. No type is safe for concurrent use.
package offload
