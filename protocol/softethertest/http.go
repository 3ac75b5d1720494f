// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Bounds of the real server (softether-protocol.md 3).
const (
	maxLine    = 4096    // bytes of a line
	maxHeaders = 128     // lines kept
	maxBody    = 65536   // bytes of a pack in a request
	maxRefused = 1 << 20 // bytes of a body that is read to be refused
)

const (
	typePack = "application/octet-stream"
	typeHTML = "text/html; charset=iso-8859-1"
)

// errViolation marks what the real server answers by dropping the connection.
var errViolation = errors.New("the client broke the protocol")

type request struct {
	method, target, version string
	header                  map[string]string // by lower-case name
	length                  int64             // of the body as announced
	body                    []byte            // nil if the announced length is not in 1..maxBody
}

// readRequest reads one request as strictly as the real server: a header without a colon or with an empty
// value is fatal; LF alone also ends a line.
func readRequest(r *bufio.Reader) (*request, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	parts := strings.Fields(line)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: request line %q", errViolation, line)
	}
	q := &request{method: parts[0], target: parts[1], version: parts[2], header: make(map[string]string)}
	for {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == "" || value == "" {
			return nil, fmt.Errorf("%w: header %q", errViolation, line)
		}
		if len(q.header) < maxHeaders {
			q.header[name] = value
		}
	}
	q.length, _ = strconv.ParseInt(q.header["content-length"], 10, 64)
	switch {
	case q.length < 1:
		return q, nil
	case q.length > maxRefused:
		return nil, fmt.Errorf("%w: a body of %d bytes", errViolation, q.length)
	case q.length > maxBody:
		_, err = io.CopyN(io.Discard, r, q.length)
		return q, err
	}
	q.body = make([]byte, q.length)
	_, err = io.ReadFull(r, q.body)
	return q, err
}

// readLine returns the next line without its end. The reader's buffer bounds it.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", fmt.Errorf("%w: a line of more than %d bytes", errViolation, maxLine)
	}
	if err != nil {
		return "", err
	}
	return string(bytes.TrimRight(line, "\r\n")), nil
}

// response returns a whole answer in the form of the real server.
func response(status, contentType string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %s\r\n", status)
	b.WriteString("Connection: Keep-Alive\r\n")
	fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	fmt.Fprintf(&b, "Content-Type: %s\r\n", contentType)
	fmt.Fprintf(&b, "Date: %s\r\n", time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	b.WriteString("Keep-Alive: timeout=15; max=19\r\n\r\n")
	b.Write(body)
	return b.Bytes()
}

// page returns an error page like those of web servers.
func page(status string) []byte {
	return fmt.Appendf(nil, "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\r\n<HTML><HEAD>\r\n"+
		"<TITLE>%[1]s</TITLE>\r\n</HEAD><BODY>\r\n<H1>%[1]s</H1>\r\n</BODY></HTML>\r\n", status)
}

// signatureAnswer returns the status for a request made before the signature was
// given, "200 OK" if it is the signature (softether-protocol.md 3.1).
func signatureAnswer(q *request) string {
	switch {
	case strings.EqualFold(q.method, "POST") && strings.EqualFold(q.target, "/vpnsvc/connect.cgi"):
		if isSignature(q.body) {
			return "200 OK"
		}
		return "403 Forbidden"
	case (strings.EqualFold(q.method, "GET") || strings.EqualFold(q.method, "HEAD")) && q.target == "/":
		return "403 Forbidden"
	case strings.EqualFold(q.method, "POST"), strings.EqualFold(q.method, "GET"), strings.EqualFold(q.method, "HEAD"):
		return "404 Not Found"
	default:
		return "501 Method Not Implemented"
	}
}

// isSignature accepts the short signature, and anything with the size and the start of the picture that the
// official client sends, with up to 2000 bytes after it.
func isSignature(body []byte) bool {
	const picture, random = 1411, 2000
	return string(body) == "VPNCONNECT" ||
		len(body) >= picture && len(body) <= picture+random && bytes.HasPrefix(body, []byte("GIF8"))
}

// isPackRequest reports whether q is one the real server reads a pack from.
func isPackRequest(q *request) bool {
	return strings.EqualFold(q.method, "POST") && strings.EqualFold(q.target, "/vpnsvc/vpn.cgi") &&
		strings.EqualFold(q.version, "HTTP/1.1") && q.header["content-type"] == typePack && q.body != nil
}
