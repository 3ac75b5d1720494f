// SPDX-License-Identifier: Apache-2.0

package procfs

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
)

// InMemory looks for text in the memory that a process can write, which a core dump would contain, and
// returns what surrounds each copy.
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
		if !strings.HasPrefix(rights, "rw") || to-from > 1<<30 {
			continue // only reserved by Go
		}
		b := make([]byte, to-from)
		n, _ := mem.ReadAt(b, int64(from)) // pages that were never touched are zero
		for at := 0; ; {
			i := bytes.Index(b[at:n], []byte(text))
			if i < 0 {
				break
			}
			at += i
			around := b[max(0, at-40):min(n, at+len(text)+40)]
			found = append(found, fmt.Sprintf("%x: %q", from+uint64(at), around))
			at += len(text)
		}
	}
	return found, nil
}
