// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"network-manager-softether/lab"
)

// What the settings library may add to a run of nmcli. Most of the memory is the library's file, which all processes
// that load it share; Go's own runtime, of which a library that does nothing would take as much, is two thirds of it.
const (
	maxEditorTime   = 3.0  // milliseconds
	maxEditorMemory = 3072 // kB, of which about 1000 are the process's own; the rest is the file, more or less of which the kernel maps at once
)

// The same export once with the library and once with none, when nmcli gives up where it would load it. What disturbs
// a run only makes it longer, so the shortest of many runs is the cost proper; memory varies by little, in both
// directions.
func TestSettingsLibraryCostsNMCLILittle(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.profile("office", lab.HubOffice, lab.Alice)))
	with, err := os.ReadFile(w.Desktop.Path("/usr/lib/NetworkManager/VPN/nm-softether-service.name"))
	w.ok(err)
	without, _, found := strings.Cut(string(with), "[libnm]")
	if !found {
		t.Fatalf("the .name file names no library:\n%s", with)
	}
	var dirs []string
	for _, text := range []string{without, string(with)} {
		dirs = append(dirs, t.TempDir())
		w.ok(os.WriteFile(filepath.Join(dirs[len(dirs)-1], "nm-softether-service.name"), []byte(text), 0o644))
	}
	script, err := filepath.Abs("testdata/cost.py")
	w.ok(err)
	// Whatever else the computer does can only add to the time. So a series that takes long is repeated.
	took, grew := math.Inf(1), 0
	for try := 0; try < 5 && took > maxEditorTime; try++ {
		out, err := w.Desktop.Must(w.ctx, "/usr/bin/python3", "-I", "-S", script, "60", "NM_VPN_PLUGIN_DIR", strings.Join(dirs, ","),
			"nmcli", "connection", "export", "office", filepath.Join(t.TempDir(), "out.vpn"))
		w.ok(err)
		took, grew = editorCost(t, out)
	}
	if took > maxEditorTime {
		t.Errorf("the library takes %.1f ms, more than %.1f", took, maxEditorTime)
	}
	if grew > maxEditorMemory || grew < 500 {
		t.Errorf("the library takes %d kB, allowed are %d, and less than 500 cannot be", grew, maxEditorMemory)
	}
}

// editorCost reads what the script has measured, alternately without and with the library, and returns what the
// library adds: to the shortest time, in milliseconds, and to the median of the memory, in kB.
func editorCost(t *testing.T, out string) (took float64, grew int) {
	t.Helper()
	shortest := []float64{math.Inf(1), math.Inf(1)}
	memory := [2][]int{}
	for line := range strings.Lines(out) {
		var i, status, rss int
		var took float64
		if _, err := fmt.Sscan(line, &i, &status, &took, &rss); err != nil || (status == 0) != (i == 1) {
			t.Fatalf("%s, %v", strconv.Quote(line), err)
		}
		shortest[i] = min(shortest[i], took)
		memory[i] = append(memory[i], rss)
	}
	median := func(list []int) int { slices.Sort(list); return list[len(list)/2] }
	took, grew = shortest[1]-shortest[0], median(memory[1])-median(memory[0])
	t.Logf("nmcli takes %.1f ms and %d kB, with the library %.1f ms and %d kB more", shortest[0], median(memory[0]), took, grew)
	return took, grew
}
