// SPDX-License-Identifier: Apache-2.0

// Package po translates the texts of the programs into the languages of their users: gettext, under the
// domain network-manager-softether. The directory also contains the translations, one .po file per language
// in LINGUAS.
//
// A text is English in the source and goes through [T], [F], [N] or [Errorf] when it is shown, never before:
// what is translated when a package is initialised stays English. Tables keep their texts untranslated,
// marked for extraction by a comment "//po:extract" with the names or positions of the fields.
//
// Without a catalog every text is English. The service never sets one: it writes to the journal, and runs as
// root, in nobody's language. The programs of the person do, see package catalog; the editor uses the C
// library's, which its host has set up.
//
//go:generate go run ./genpot -root .. -o network-manager-softether.pot
package po

import (
	"os"
	"path/filepath"
)

// Domain is the gettext domain.
const Domain = "network-manager-softether"

// installed is the directory of the catalogs, set by the build.
var installed = "/usr/share/locale"

// Dir returns the directory of the catalogs. TEXTDOMAINDIR names another one, as for gettext's programs.
func Dir() string {
	if dir := os.Getenv("TEXTDOMAINDIR"); filepath.IsAbs(dir) {
		return dir
	}
	return installed
}
