// SPDX-License-Identifier: Apache-2.0

// Genui writes the settings page as GtkBuilder XML, for GTK 3 or GTK 4, from the fields in package form and the
// table in package profile. It is run by "go generate ./editor/form". The files are committed, so a build needs no
// GTK, and gettext takes their strings from them.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	gtk := flag.Int("gtk", 3, "version of GTK, 3 or 4")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if err := os.WriteFile(*out, []byte(render(*gtk)), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "genui:", err)
		os.Exit(1)
	}
}
