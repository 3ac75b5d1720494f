// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Bounds on what a proxy may answer.
const (
	maxLine     = 8192 // bytes of a status or header line
	maxHeaders  = 128  // lines
	maxInterims = 5    // 1xx answers before the final one
	maxTries    = 3    // without credentials, with them, with a fresh nonce
)

// http sends CONNECT, as often as it takes to answer the proxy's challenge.
func (p *Proxy) http(d *dialogue, target string) error {
	p.mu.Lock()
	a := p.answer
	p.mu.Unlock()
	learned := false // whether a answers a challenge of this dialogue
	for range maxTries {
		var r *reply
		err := d.hold(func() (err error) {
			r, err = exchange(d.conn, target, a.header("CONNECT", target))
			return err
		})
		if err != nil {
			return err
		}
		switch {
		case r.status/100 == 2:
			p.mu.Lock()
			p.answer = a
			p.mu.Unlock()
			return nil
		case r.status == 407:
			fresh, err := p.respond(r.challenges)
			if err != nil {
				return err
			}
			if learned && !fresh.stale {
				return denied("it refuses user name or password (%s)", r.line)
			}
			a, learned = fresh, true
			if err := d.renew(); err != nil {
				return err
			}
		case r.status == 401:
			return denied("%s", r.line)
		case r.status == 502 || r.status == 503 || r.status == 504:
			return noTarget("%s", r.line)
		default:
			return errors.New(r.line)
		}
	}
	return denied("it is never satisfied with an answer to its challenge")
}

// exchange sends one request and reads the answer. authorization may be empty; it is overwritten.
func exchange(conn net.Conn, target string, authorization []byte) (*reply, error) {
	var line string
	if len(authorization) > 0 {
		line = "\r\nProxy-Authorization: "
	}
	req := slices.Concat(fmt.Appendf(nil, "CONNECT %s HTTP/1.1\r\nHost: %s", target, target), []byte(line), authorization, []byte("\r\n\r\n"))
	clear(authorization)
	_, err := conn.Write(req)
	clear(req)
	if err != nil {
		return nil, err
	}
	br := bufio.NewReaderSize(conn, maxLine)
	for range maxInterims {
		r, err := readReply(br)
		if err != nil {
			return nil, err
		}
		if r.status/100 == 1 {
			continue
		}
		if r.status/100 == 2 && br.Buffered() > 0 {
			// A TLS server waits for the client to speak first, so this tunnel does not lead to one.
			return nil, errors.New("it sends something after its answer")
		}
		return r, nil
	}
	return nil, errors.New("it never sends a final answer")
}

// reply is the head of an answer.
type reply struct {
	line       string // status and reason, for people
	status     int
	challenges []challenge
}

// readReply reads an answer up to the empty line. br must have a buffer of maxLine bytes.
func readReply(br *bufio.Reader) (*reply, error) {
	line, err := readLine(br)
	if err != nil {
		return nil, err
	}
	version, rest, _ := strings.Cut(line, " ")
	number, _, _ := strings.Cut(rest, " ")
	status, err := strconv.ParseUint(number, 10, 16)
	if !strings.HasPrefix(version, "HTTP/1.") || err != nil || len(number) != 3 || status < 100 {
		return nil, fmt.Errorf("it answered %q: is it an HTTP proxy?", clip(line))
	}
	r := &reply{line: clip(rest), status: int(status)}
	for range maxHeaders {
		line, err := readLine(br)
		if err != nil {
			return nil, err
		}
		if line == "" {
			return r, nil
		}
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Proxy-Authenticate") {
			r.challenges = append(r.challenges, parseChallenges(value)...)
		}
	}
	return nil, fmt.Errorf("its answer has more than %d header lines", maxHeaders)
}

// readLine returns a line without its line end.
func readLine(br *bufio.Reader) (string, error) {
	line, err := br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", fmt.Errorf("its answer has a line of more than %d bytes", maxLine)
	}
	if err != nil {
		return "", err
	}
	return string(bytes.TrimRight(line, "\r\n")), nil
}

// clip makes text from a proxy fit for a message: short, and without control characters.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, s)
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}
