// SPDX-License-Identifier: Apache-2.0

// Genpot generates the template of all translations, network-manager-softether.pot, from the Go sources and
// the files that are not Go. It is run by "go generate ./po". xgettext does not read Go, and cannot see a
// constant in another file.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", "..", "the project's folder")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	text, err := Template(*root)
	if err == nil {
		err = os.WriteFile(*out, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "genpot:", err)
		os.Exit(1)
	}
}
