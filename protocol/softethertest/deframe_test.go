// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// feed runs b through a deframer in pieces of n bytes and returns copies of the frames.
func feed(b []byte, n int) (*deframer, []string, error) {
	d, held, all := &deframer{}, []byte(nil), []string(nil)
	for len(b) > 0 {
		k := min(n, len(b))
		held, b = append(held, b[:k]...), b[k:]
		used, frames, err := d.next(held, nil)
		for _, f := range frames {
			all = append(all, string(f))
		}
		held = held[used:]
		if err != nil {
			return d, all, err
		}
	}
	return d, all, nil
}

func TestDeframer(t *testing.T) {
	big := string(bytes.Repeat([]byte{'x'}, 1601))
	for _, tt := range []struct {
		name                 string
		in                   string
		frames               []string
		messages, keepAlives uint64
		bad                  bool
	}{
		{"two frames", "\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x02bc", []string{"a", "bc"}, 1, 0, false},
		{"empty message", "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01a", []string{"a"}, 2, 0, false},
		{"empty block", "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01a", []string{"a"}, 1, 0, false},
		{"keep-alive", "\xff\xff\xff\xff\x00\x00\x00\x03abc\x00\x00\x00\x01\x00\x00\x00\x01a", []string{"a"}, 2, 1, false},
		{"empty keep-alive", "\xff\xff\xff\xff\x00\x00\x00\x00", nil, 1, 1, false},
		{"incomplete", "\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x02b", []string{"a"}, 0, 0, false},
		{"frame a server drops", "\x00\x00\x00\x02\x00\x00\x06\x41" + big + "\x00\x00\x00\x01a", []string{"a"}, 1, 0, false},
		{"block of 3201 bytes", "\x00\x00\x00\x01\x00\x00\x0c\x81", nil, 0, 0, true},
		{"keep-alive of 513 bytes", "\xff\xff\xff\xff\x00\x00\x02\x01", nil, 0, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{1, 3, 7, len(tt.in)} {
				d, frames, err := feed([]byte(tt.in), n)
				if diff := cmp.Diff(tt.frames, frames); diff != "" {
					t.Errorf("in pieces of %d: unexpected frames (-want +got):\n%s", n, diff)
				}
				if errors.Is(err, errViolation) != tt.bad || d.messages != tt.messages || d.keepAlives != tt.keepAlives {
					t.Errorf("in pieces of %d: %d messages, %d keep-alives, error %v", n, d.messages, d.keepAlives, err)
				}
			}
		})
	}
}
