// SPDX-License-Identifier: Apache-2.0

package profile

import "strconv"

// nearest returns the key of vpn.data that a mistyped name was most likely meant to be, or "".
func nearest(name string) string {
	if len(name) > 40 {
		return ""
	}
	best, least := "", 3
	for i := range Keys {
		if k := &Keys[i]; !k.Secret {
			if d := distance(name, k.Name); d < least && d < len(k.Name)/2+1 {
				best, least = k.Name, d
			}
		}
	}
	return best
}

// distance returns the number of bytes to insert, delete or replace to turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

func itoa(n int) string { return strconv.Itoa(n) }
