// SPDX-License-Identifier: Apache-2.0

// Command editor is libnm-vpn-plugin-softether.so (go build -buildmode=c-shared), which settings programs
// load to import, export and edit connections of this plugin. nmcli, nm-connection-editor (GTK 3) and GNOME
// Settings (GTK 4) load the same file.
//
// It is a guest in other people's programs, and behaves like one:
//
//   - It is linked with libnm only. GTK is the host's: it is found at run time (package gtk), so the
//     library brings no second toolkit into a process.
//   - The two GObject classes that libnm wants are in plugin.c, without any logic. Everything else is Go, and
//     every function called from C recovers from panics and reports them as a GError.
//   - It is small, as far as Go can be: certificates are read by profile/der, since crypto/x509 alone would add
//     half as much again to every nmcli that imports a file, and SHA-256 is that of the host's GLib.
//   - It starts no goroutine, keeps no global state and touches neither the network nor any file except the one
//     that it is asked to import or export.
//
// The reasons are in docs/networkmanager.md 6; make bench measures what it costs nmcli.
package main
