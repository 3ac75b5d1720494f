// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"os/exec"
	"strings"
	"testing"
)

func TestNamesInCommandsAreOnlyNames(t *testing.T) {
	for name, own := range map[string]bool{
		"Work": true, "my work": true, "Büro (2)": true, "仕事": true, "it's; work & play > here": true, "a'b": true, "50 % #1 ~ *": true,
		"$(touch x)": false, "`touch x`": false, "a\"b": false, `a\`: false, "wow!": false, "-x": false, "--all": false, "uuid": false, "help": false, "": false,
		"a\nb": false, "a\x1bb": false, "a\u202eb": false, "\xff": false, strings.Repeat("a", 101): false,
	} {
		want := "6f4e1c2a"
		if own {
			want = name
		}
		got := ShellName(name, want)
		if !own {
			got = ShellName(name, "6f4e1c2a")
		}
		if got != `"`+want+`"` {
			t.Errorf("%q is %s", name, got)
		}
		if said := inShell(t, got); said != want {
			t.Errorf("a shell makes %q of %s", said, got)
		}
	}
	for _, word := range []string{"joe", "", "joe doe", "a;reboot", "$(reboot)", "it's", `\`, "jö@x", "#x", "~", "*", "a\tb"} {
		if said := inShell(t, ShellWord(word)); said != word {
			t.Errorf("a shell makes %q of %s", said, ShellWord(word))
		}
	}
	if got := ShellWord("joe.doe@example.com"); got != "joe.doe@example.com" {
		t.Errorf("a plain name is %s", got)
	}
}

// inShell returns what a shell makes of a word.
func inShell(t *testing.T, word string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", "printf %s "+word).Output()
	if err != nil {
		t.Errorf("%s: %v", word, err)
	}
	return string(out)
}
