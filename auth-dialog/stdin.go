// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Bounds on what the agent may send: libnm's for a line, our own for the rest.
const (
	maxLine  = 512 << 10
	maxTotal = 4 << 20
	maxLines = 1 << 16
	maxPairs = 1000
)

var (
	errLongLine = errors.New("a line is longer than 512 KiB")
	errTooMuch  = errors.New("more than 4 MiB, 65536 lines or 1000 items")
)

// connection is what the agent knows: vpn.data, and the secrets it found.
type connection struct {
	data, secrets map[string]string
}

// lineReader splits standard input at newlines and NULs.
type lineReader struct {
	r     *bufio.Reader
	total int // bytes read
	lines int
}

func newLineReader(r io.Reader) *lineReader { return &lineReader{r: bufio.NewReader(r)} }

// next returns the next line without its end. A last line needs no end; after it comes io.EOF.
func (l *lineReader) next() (string, error) {
	var line []byte
	for {
		_, err := l.r.Peek(1)
		if err == io.EOF && len(line) > 0 {
			return string(line), nil
		}
		if err != nil {
			return "", err
		}
		part, _ := l.r.Peek(l.r.Buffered())
		end := bytes.IndexByte(part, '\n')
		if end >= 0 {
			part = part[:end]
		}
		if nul := bytes.IndexByte(part, 0); nul >= 0 {
			part, end = part[:nul], nul
		}
		if len(line)+len(part) > maxLine {
			return "", errLongLine
		}
		line = append(line, part...)
		n := len(part)
		if end >= 0 {
			n++
			l.lines++
		}
		if l.total += n; l.total > maxTotal || l.lines > maxLines {
			return "", errTooMuch
		}
		_, _ = l.r.Discard(n) // it is all in the buffer
		if end >= 0 {
			return string(line), nil
		}
	}
}

// item is a pair being read.
type item struct {
	dict       map[string]string // where it belongs; nil = none has begun
	secret     bool
	key, value []byte // grown in place: an agent may send millions of continuations
	valued     bool   // the value has been read as well
}

// store puts a complete pair where it belongs; a key alone is kept.
func (it *item) store() {
	if it.valued {
		it.dict[string(it.key)] = string(it.value)
		*it = item{}
	}
}

// readConnection reads pairs of lines DATA_KEY=, DATA_VAL= and SECRET_KEY=, SECRET_VAL= until DONE or the end
// (networkmanager.md 5.3). A line that begins with "=" continues the previous key or value after a newline.
// As in libnm, a value without its key ends the reading; lines of unknown form are ignored, as some agents
// write values of several lines raw.
func readConnection(l *lineReader) (connection, error) {
	conn := connection{data: map[string]string{}, secrets: map[string]string{}}
	var it item
	open := false // the line before may be continued
	for pairs := 0; ; {
		line, err := l.next()
		if err == io.EOF {
			it.store()
			return conn, nil
		}
		if err != nil {
			return connection{}, err
		}
		if more, ok := strings.CutPrefix(line, "="); ok {
			switch {
			case !open:
			case it.valued:
				it.value = append(append(it.value, '\n'), more...)
			default:
				it.key = append(append(it.key, '\n'), more...)
			}
			continue
		}
		it.store()
		open = false
		if line == "DONE" {
			return conn, nil
		}
		tag, text, _ := strings.Cut(line, "=")
		secret := strings.HasPrefix(tag, "SECRET_")
		switch tag {
		case "DATA_KEY", "SECRET_KEY":
			if pairs++; pairs > maxPairs {
				return connection{}, errTooMuch
			}
			it, open = item{dict: conn.data, secret: secret, key: []byte(text)}, true
			if secret {
				it.dict = conn.secrets
			}
		case "DATA_VAL", "SECRET_VAL":
			if it.dict == nil || it.secret != secret {
				return conn, nil
			}
			it.value, it.valued, open = []byte(text), true, true
		}
	}
}

// awaitQuit reads until the agent says QUIT or closes its end.
func awaitQuit(l *lineReader) error {
	for {
		line, err := l.next()
		if err != nil || strings.HasPrefix(line, "QUIT") {
			return err
		}
	}
}
