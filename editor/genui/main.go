// SPDX-License-Identifier: Apache-2.0

// Genui generates the settings page as GtkBuilder XML, for GTK 3 or GTK 4, from the fields in package form
// and the table in package profile. It is run by "go generate ./editor/form". The files are committed, so a
// build needs no GTK, and gettext takes their strings from them. Next to each is a gzip file of it, which the
// library embeds.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	gtk := flag.Int("gtk", 3, "version of GTK, 3 or 4")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	page := []byte(render(*gtk))
	if err := errors.Join(os.WriteFile(*out, page, 0o644), os.WriteFile(*out+".gz", pack(page), 0o644)); err != nil {
		fmt.Fprintln(os.Stderr, "genui:", err)
		os.Exit(1)
	}
}

// pack compresses with gzip, without a date or a name, so that the same page makes the same file.
func pack(page []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	if _, err := w.Write(page); err != nil {
		panic(err) // a buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
