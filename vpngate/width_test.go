// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestColumnsOfATerminal(t *testing.T) {
	for s, want := range map[string]int{"": 0, "Speed": 5, "Größe": 5, "速度": 4, "세션": 4, "de\u0301ja\u0300": 4, "\u2068ab\u2069": 2, "نشست\u200cها": 6} {
		if got := columns(s); got != want {
			t.Errorf("%q takes %d columns, want %d", s, got, want)
		}
	}
	for _, tc := range []struct {
		s     string
		width int
		right bool
		want  string
	}{
		{"国", 4, false, "国  "}, {"国", 4, true, "  国"}, {"Germany", 5, false, "Germ…"}, {"日本国", 5, false, "日本…"}, {"日本国", 4, false, "日… "},
	} {
		if got := pad(tc.s, tc.width, tc.right); got != tc.want || columns(got) != tc.width {
			t.Errorf("%q in %d columns: %q, want %q", tc.s, tc.width, got, tc.want)
		}
	}
}
