// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The HTTP layer looks like HTTP/1.1 but is less: strictly one request and one answer at a time, always with
// a Content-Length, never chunked. It is written by hand because the same connection, and the same buffered
// reader, later carry the tunnel's data (softether-protocol.md 3, 15).

const (
	signaturePath = "/vpnsvc/connect.cgi"
	signatureType = "image/jpeg"
	packPath      = "/vpnsvc/vpn.cgi"
	packType      = "application/octet-stream"
)

// appendRequest appends a POST of body to dst. No header may have an empty value, or the server hangs up
// (softether-protocol.md 3).
func appendRequest(dst []byte, path, contentType, host string, body []byte) []byte {
	dst = fmt.Appendf(dst, "POST %s HTTP/1.1\r\n"+
		"Connection: Keep-Alive\r\n"+
		"Content-Length: %d\r\n"+
		"Content-Type: %s\r\n"+
		"Host: %s\r\n\r\n", path, len(body), contentType, host)
	return append(dst, body...)
}

// readResponse reads one answer and returns its body. An answer that cannot come from a SoftEther server,
// such as a web server's page, is ErrNotSoftEther. The buffer of r must hold maxHTTPLine bytes.
func readResponse(r *bufio.Reader) ([]byte, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	version, status, _ := strings.Cut(string(line), " ")
	status, _, _ = strings.Cut(status, " ")
	if version != "HTTP/1.1" || status != "200" {
		return nil, fmt.Errorf("%w: answered %q", ErrNotSoftEther, clip(string(line), 60))
	}
	length, contentType := -1, ""
	for n := 0; ; n++ {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			break
		}
		if n == maxHTTPHeaders {
			return nil, fmt.Errorf("%w: more than %d header lines", ErrNotSoftEther, maxHTTPHeaders)
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return nil, fmt.Errorf("%w: header line %q", ErrNotSoftEther, clip(string(line), 60))
		}
		value = bytes.Trim(value, " \t")
		switch strings.ToLower(string(name)) {
		case "content-length":
			if length >= 0 {
				return nil, fmt.Errorf("%w: two content lengths", ErrNotSoftEther)
			}
			if length, err = parseLength(string(value)); err != nil {
				return nil, err
			}
		case "content-type":
			contentType = string(value)
		case "transfer-encoding":
			return nil, fmt.Errorf("%w: transfer encoding %q", ErrNotSoftEther, clip(string(value), 60))
		}
	}
	if contentType != packType {
		return nil, fmt.Errorf("%w: answered with %q", ErrNotSoftEther, clip(contentType, 60))
	}
	if length < 0 {
		return nil, fmt.Errorf("%w: no content length", ErrNotSoftEther)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("answer of %d bytes: %w", length, noAnswer(err))
	}
	return body, nil
}

// parseLength accepts digits only, and only lengths that a Pack can have.
func parseLength(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || s[0] == '+' {
		return 0, fmt.Errorf("%w: content length %q", ErrNotSoftEther, clip(s, 20))
	}
	if n == 0 || n > maxBody {
		return 0, fmt.Errorf("%w: answer of %d bytes, allowed are 1 to %d", ErrMalformed, n, maxBody)
	}
	return int(n), nil
}

// readLine returns the next line without its end, LF or CR LF, valid until the
// next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("%w: a line of more than %d bytes", ErrNotSoftEther, len(line))
	}
	if err != nil {
		return nil, noAnswer(err)
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// noAnswer reports that the connection broke while an answer was due. A time-out stays a time-out.
func noAnswer(err error) error {
	switch {
	case isTimeout(err):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: server hung up instead of answering", ErrLost)
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// clip shortens s to at most n bytes, for an error text.
func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "..."
	}
	return s
}
