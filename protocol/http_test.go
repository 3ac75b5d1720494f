// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRequestIsWhatServersTake(t *testing.T) {
	got := string(appendRequest(nil, packPath, packType, "192.0.2.1", []byte("body")))
	want := "POST /vpnsvc/vpn.cgi HTTP/1.1\r\n" +
		"Connection: Keep-Alive\r\n" +
		"Content-Length: 4\r\n" +
		"Content-Type: application/octet-stream\r\n" +
		"Host: 192.0.2.1\r\n\r\nbody"
	if got != want {
		t.Errorf("request\n%q, want\n%q", got, want)
	}
}

const okHeader = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"

func TestResponse(t *testing.T) {
	for _, tt := range []struct {
		name, stream, want string
		err                error
	}{
		{"regular", okHeader + "Content-Length: 4\r\n\r\nbody", "body", nil},
		{"what follows stays", okHeader + "Content-Length: 4\r\n\r\nbodyframes", "body", nil},
		{"line feeds only", "HTTP/1.1 200 OK\ncontent-type:application/octet-stream\nCONTENT-LENGTH:\t4 \n\nbody", "body", nil},
		{"no reason phrase", "HTTP/1.1 200\r\nContent-Type: application/octet-stream\r\nContent-Length: 1\r\n\r\nx", "x", nil},
		{"web page", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx", "", ErrNotSoftEther},
		{"content type with charset", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream; charset=x\r\nContent-Length: 1\r\n\r\nx", "", ErrNotSoftEther},
		{"forbidden", "HTTP/1.1 403 Forbidden\r\n\r\n", "", ErrNotSoftEther},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", "", ErrNotSoftEther},
		{"other protocol", "220 mail.example ESMTP\r\n", "", ErrNotSoftEther},
		{"header without a colon", okHeader + "nonsense\r\n\r\n", "", ErrNotSoftEther},
		{"no length", okHeader + "\r\nbody", "", ErrNotSoftEther},
		{"two lengths", okHeader + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody", "", ErrNotSoftEther},
		{"negative length", okHeader + "Content-Length: -1\r\n\r\n", "", ErrNotSoftEther},
		{"signed length", okHeader + "Content-Length: +4\r\n\r\nbody", "", ErrNotSoftEther},
		{"hexadecimal length", okHeader + "Content-Length: 0x4\r\n\r\nbody", "", ErrNotSoftEther},
		{"empty length", okHeader + "Content-Length:\r\n\r\nbody", "", ErrNotSoftEther},
		{"length 0", okHeader + "Content-Length: 0\r\n\r\n", "", ErrMalformed},
		{"length beyond the bound", okHeader + "Content-Length: 1048577\r\n\r\n", "", ErrMalformed},
		{"length beyond 32 bits", okHeader + "Content-Length: 4294967297\r\n\r\n", "", ErrNotSoftEther},
		{"chunked", okHeader + "Transfer-Encoding: chunked\r\n\r\n", "", ErrNotSoftEther},
		{"end before the answer", "", "", ErrLost},
		{"end inside the header", okHeader, "", ErrLost},
		{"end inside the body", okHeader + "Content-Length: 4\r\n\r\nbod", "", ErrLost},
		{"endless line", "HTTP/1.1 200 " + strings.Repeat("x", 5000), "", ErrNotSoftEther},
		{"endless header", okHeader + strings.Repeat("X: y\r\n", 200), "", ErrNotSoftEther},
		{"as many headers as allowed", okHeader + strings.Repeat("X: y\r\n", 126) + "Content-Length: 1\r\n\r\nx", "x", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bufio.NewReaderSize(strings.NewReader(tt.stream), maxHTTPLine)
			body, err := readResponse(r)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if string(body) != tt.want {
				t.Errorf("body %q, want %q", body, tt.want)
			}
			if rest, _ := io.ReadAll(r); tt.name == "what follows stays" && string(rest) != "frames" {
				t.Errorf("%q follows, want %q", rest, "frames")
			}
		})
	}
}

// FuzzResponse checks the bounds of what a server can make us keep.
func FuzzResponse(f *testing.F) {
	f.Add([]byte(okHeader + "Content-Length: 4\r\n\r\nbody"))
	f.Add([]byte("HTTP/1.1 200 OK\nX\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		body, err := readResponse(bufio.NewReaderSize(strings.NewReader(string(stream)), maxHTTPLine))
		if err == nil && (len(body) == 0 || len(body) > len(stream)) {
			t.Errorf("a body of %d bytes from %d", len(body), len(stream))
		}
		if err != nil && !errors.Is(err, ErrNotSoftEther) && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrLost) {
			t.Errorf("untyped error %v", err)
		}
	})
}
