// SPDX-License-Identifier: Apache-2.0

package procfs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// InMemory looks for text in the memory of a process, in all of it that a core dump would contain and in its files as
// well, and returns what surrounds each copy.
func InMemory(pid int, text string) ([]string, error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	var found []string
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uint64
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil {
			return nil, fmt.Errorf("%s: %w", lines.Text(), err)
		}
		if !strings.HasPrefix(rights, "r") || to-from > 1<<30 {
			continue // only reserved by Go
		}
		b := pages(mem, from, to)
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte(text))
			if i < 0 {
				break
			}
			at += i
			around := b[max(0, at-40):min(len(b), at+len(text)+40)]
			found = append(found, fmt.Sprintf("%x: %q", from+uint64(at), around))
			at += len(text)
		}
	}
	return found, nil
}

// pages returns what is in a range of memory; zeros stand for pages that were never touched or cannot be read.
func pages(mem io.ReaderAt, from, to uint64) []byte {
	b := make([]byte, to-from)
	for at := 0; at < len(b); {
		n, err := mem.ReadAt(b[at:], int64(from)+int64(at))
		if at += n; err != nil {
			at += os.Getpagesize() - at%os.Getpagesize()
		}
	}
	return b
}
