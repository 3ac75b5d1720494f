// SPDX-License-Identifier: Apache-2.0

// Package po is the words of the programs in the languages of their users: gettext, under the domain
// network-manager-softether. The folder has the translations too, one .po file per language of LINGUAS.
//
// A text is English in the source and goes through [T], [F], [N] or [Errorf] at the moment it is shown, never before:
// what is translated when a package is initialised stays English. Tables hold their texts plain, marked for extraction
// by a comment "//po:extract" with the names or positions of the fields.
//
// Without a catalog every text is English. The service never sets one: it writes to the journal, and runs as root,
// without the language of anybody. The programs of the person do, see package catalog; the editor takes the C library's,
// which its host has set up.
//
//go:generate go run ./genpot -root .. -o network-manager-softether.pot
package po

import (
	"os"
	"path/filepath"
)

// Domain is the gettext domain.
const Domain = "network-manager-softether"

// installed is where the build puts the catalogs; it sets it.
var installed = "/usr/share/locale"

// Dir returns the folder of the catalogs. TEXTDOMAINDIR names another one, as for the programs of gettext.
func Dir() string {
	if dir := os.Getenv("TEXTDOMAINDIR"); filepath.IsAbs(dir) {
		return dir
	}
	return installed
}
