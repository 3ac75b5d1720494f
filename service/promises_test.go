// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The design's first decision. godbus can start a session bus and so imports os/exec, but
// only for programs without a system bus; nothing of ours may.
func TestNoShippedPackageOfOursCanStartAProgram(t *testing.T) {
	const module = "network-manager-softether"
	out, err := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}: {{.Imports}}",
		module+"/service", module+"/auth-dialog", module+"/editor", module+"/vpngate", module+"/strict", module+"/notify", module+"/status").Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if !strings.HasPrefix(path, module) {
			continue
		}
		ours++
		for imported := range strings.FieldsSeq(strings.Trim(imports, "[]")) {
			if imported == "os/exec" || imported == "plugin" {
				t.Errorf("%s imports %s", path, imported)
			}
		}
	}
	if ours < 10 {
		t.Errorf("only %d packages of ours were looked at", ours)
	}
}
