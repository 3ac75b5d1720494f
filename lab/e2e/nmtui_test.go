// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/softether"
)

// tui connects in nmtui. Each step is a text to wait for and the keys that are pressed then; what it showed is returned.
func (w *world) tui(name string, steps ...[2]string) string {
	w.t.Helper()
	out := filepath.Join(w.t.TempDir(), "screen")
	feed := "sleep 0"
	for _, s := range steps {
		// Newt takes keys only once it has drawn the form. Each text is waited for in what came after the one before.
		feed += fmt.Sprintf(`; for i in $(seq 300); do tail -c +$from "$out" 2>/dev/null | grep -aqF -- '%s' && break; sleep 0.1; done; sleep 0.5; from=$(($(stat -c %%s "$out") + 1)); printf '%s'`, s[0], s[1])
	}
	// It is left by Escape, which would put an end to connecting.
	feed += `; for i in $(seq 300); do nmcli -g GENERAL.STATE connection show ` + name + ` | grep -q activated && break; sleep 0.1; done`
	script := `out=` + out + `; from=1; { ` + feed + `; printf '\033\033'; sleep 1; } | TERM=linux timeout 100 script -f -qec "stty rows 40 cols 120; nmtui connect ` + name + `" "$out" >/dev/null; cat "$out"`
	res, err := w.Desktop.Run(w.ctx, netns.Command{Args: []string{"sh", "-c", script}, Env: []string{"LANG=C.UTF-8"}})
	w.ok(err)
	return res.Text()
}

func TestNMTUIAsksForThePasswordAgain(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.wrong()))
	w.tui("typo", [2]string{"did not accept this user name or password", ctrlU + softether.Alice.Password + `\r`})
	w.comesUp("typo")
	w.down("typo")
}

func TestNMTUITrustsAServerForAYesOnly(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	// Enter in the empty field does nothing, and a password is no answer.
	screen := w.tui("trust", [2]string{"To read it", `\r` + softether.Alice.Password + `\r`}, [2]string{"To read it", `yes\r`})
	w.comesUp("trust")
	if got := strings.Count(screen, "To read it"); got < 2 {
		t.Errorf("asked %d times", got)
	}
	w.down("trust")
}
