// SPDX-License-Identifier: Apache-2.0

package form

import (
	"strings"
	"testing"

	"golang.org/x/text/width"
)

// isWide stands in for GLib's, which this package is not linked with.
func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

func TestTooltipsBreakInEveryScript(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", ""},
		{"short", "short"},
		{"one two three", "one two\nthree"},
		{"averylongword that cannot break", "averylongword\nthat\ncannot\nbreak"},
		{"仮想カードの名前", "仮想カー\nドの名前"},
		{"仮想カード。名前", "仮想カー\nド。名前"},         // no line begins with a full stop
		{"TCP ポート番号です", "TCP ポー\nト番号で\nす"}, // the blank within Latin words counts
		{"گذرواژهٔ کاربر", "گذرواژهٔ\nکاربر"},
	} {
		if got := wrap(tc.text, 9, isWide); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.text, got, tc.want)
		}
	}
	for i := range Fields {
		for _, line := range strings.Split(Fields[i].Tooltip(isWide), "\n")[1:] {
			if len(line) > tooltipWidth+1 {
				t.Errorf("%s: the line %q is longer than %d", Fields[i].Key, line, tooltipWidth)
			}
		}
	}
}
