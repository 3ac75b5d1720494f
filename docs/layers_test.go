// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the module's path, which begins the import path of every package of ours.
const module = "network-manager-softether/"

// rooms says which rooms each room may import, itself apart: whole ones, or single packages of them. The libraries
// protocol, tapbridge, dhcp and profile stand beside each other. What two of them need is in frame or internal.
var rooms = map[string][]string{
	"internal": nil,
	"frame":    nil,
	"po":       nil,

	"protocol":  {"frame", "internal"},
	"tapbridge": {"frame", "internal"},
	"dhcp":      {"internal"},
	"profile":   {"internal", "po"},
	"prompt":    {"po"},

	"service":     {"dhcp", "frame", "internal", "profile", "prompt", "protocol", "tapbridge"},
	"auth-dialog": {"internal", "po", "profile", "prompt"},
	"editor":      {"internal", "po", "profile"},
	"notify":      {"internal", "po", "profile", "protocol/errortext", "service/notice", "strict/guard"},
	"status":      {"internal", "po", "profile"},
	"strict":      {"internal", "po", "profile"},
	"vpngate":     {"internal", "po", "profile"},
}

// onBus has the packages that speak D-Bus. Libraries do not.
var onBus = []string{"auth-dialog/keyring", "notify", "service", "service/nmvpn", "status", "strict/guard", "vpngate"}

// labFloors are the packages of the lab from the ground up: each may import those before it. What comes after them is
// tried, measured and shown in a network, and imports any of them, but nothing of its own kind.
var labFloors = []string{"lab/procfs", "lab/netns", "lab/gui", "lab/plan", "lab/softether", "lab/servers", "lab/systembus", "lab/desktop", "lab"}

// imports calls visit with what each source file of a shipped package imports, whatever it is built for. Tests are not
// looked at.
func imports(t *testing.T, visit func(file, pkg, imported string)) {
	t.Helper()
	importsOf(t, func(file string) bool {
		return !strings.HasPrefix(file, "lab/") && !strings.HasSuffix(file, "_test.go")
	}, 1000, visit)
}

// importsOf is imports for other files, of which there are at least some number of imports.
func importsOf(t *testing.T, which func(file string) bool, atLeast int, visit func(file, pkg, imported string)) {
	t.Helper()
	n := 0
	for file, text := range sources(t) {
		if !strings.HasSuffix(file, ".go") || !which(file) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			visit(file, path.Dir(file), imported)
			n++
		}
	}
	if n < atLeast {
		t.Errorf("only %d imports were found", n)
	}
}

func room(pkg string) string {
	name, _, _ := strings.Cut(pkg, "/")
	return name
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	imports(t, func(file, pkg, imported string) {
		may, known := rooms[room(pkg)]
		if !known {
			t.Errorf("%s: the table in docs/layers_test.go has no room %q", file, room(pkg))
			return
		}
		imported, ours := strings.CutPrefix(imported, module)
		if !ours || room(imported) == room(pkg) || slices.Contains(may, room(imported)) || slices.Contains(may, imported) {
			return
		}
		t.Errorf("%s: %s may not import %s", file, room(pkg), imported)
	})
}

func TestTheLabIsBuiltFromTheGroundUp(t *testing.T) {
	importsOf(t, func(file string) bool { return strings.HasPrefix(file, "lab/") }, 300, func(file, pkg, imported string) {
		imported, ours := strings.CutPrefix(imported, module)
		if !ours || room(imported) != "lab" || imported == pkg {
			return
		}
		above, below := slices.Index(labFloors, pkg), slices.Index(labFloors, imported)
		if below < 0 || above >= 0 && below > above {
			t.Errorf("%s: %s may not import %s", file, pkg, imported)
		}
	})
}

func TestOnlySomeSpeakDBus(t *testing.T) {
	seen := make(map[string]bool)
	imports(t, func(file, pkg, imported string) {
		if !strings.Contains(imported, "/dbus/") {
			return
		}
		seen[pkg] = true
		if !slices.Contains(onBus, pkg) {
			t.Errorf("%s: %s may not speak D-Bus", file, pkg)
		}
	})
	for _, pkg := range onBus {
		if !seen[pkg] {
			t.Errorf("%s is listed, and does not speak D-Bus", pkg)
		}
	}
}

func TestShippedCodeNeedsNoTestHelpers(t *testing.T) {
	imports(t, func(file, pkg, imported string) {
		if strings.HasSuffix(imported, "test") && !strings.HasSuffix(pkg, "test") {
			t.Errorf("%s imports %s", file, imported)
		}
	})
}
