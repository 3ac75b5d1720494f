// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
)

// serve answers every request on loopback.
func serve(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s
}

func quiet(int) {}

// small is enough for these tests.
var small = bounds{1 << 20, time.Minute}

func TestListOverHTTP(t *testing.T) {
	text := listOf(japan("192.0.2.1"))
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/list", http.StatusMovedPermanently)
			return
		}
		if agent := r.UserAgent(); !strings.HasPrefix(agent, "network-manager-softether/") {
			t.Errorf("user agent %q", agent)
		}
		io.WriteString(w, text)
	})
	for _, path := range []string{"/list", "/old"} {
		last := 0
		got, err := fetch(t.Context(), s.URL+path, small, func(n int) { last = n })
		if err != nil || string(got) != text || last != len(text) {
			t.Errorf("%s: %q, %v; progress ended at %d", path, got, err, last)
		}
	}
}

func TestListThatDoesNotCome(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		for chunk := make([]byte, 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"not found": {http.NotFound, "answered with 404 Not Found"},
		"for ever":  {endless, "larger than 1 MiB"},
		"round":     {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "too many times"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "unsupported protocol"},
		"long head": {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "could not be downloaded"},
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "99")
			io.WriteString(w, "*")
		}, "the connection was closed"},
		"compressed": {bomb, "larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, test.answer)
			got, err := fetch(t.Context(), s.URL, small, quiet)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%d bytes, %v, want %q", len(got), err, test.want)
			}
		})
	}
}

// bomb is 2 MiB in some 2 kB.
func bomb(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	for range 32 {
		z.Write(make([]byte, 64<<10))
	}
	z.Close()
}

func TestSilentServerIsNotWaitedFor(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	if _, err := fetch(t.Context(), s.URL, bounds{1 << 20, 50 * time.Millisecond}, quiet); err == nil || !strings.Contains(err.Error(), "longer than 50ms") {
		t.Errorf("out of time: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetch(ctx, s.URL, small, quiet); err == nil || err.Error() != textErrStopped {
		t.Errorf("interrupted: %v", err)
	}
}

func TestListFromAServerThatDoesNotVerifyIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about us
	s.StartTLS()
	t.Cleanup(s.Close)
	if _, err := fetch(t.Context(), s.URL, small, quiet); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

func TestRedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	for from, want := range map[string]string{"https": textErrRedirect, "http": ""} {
		via := httptest.NewRequest(http.MethodGet, from+"://list.test/", nil)
		err := checkRedirect(httptest.NewRequest(http.MethodGet, "http://list.test/", nil), []*http.Request{via})
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("from %s: %v", from, err)
		}
	}
}

func TestOnlyWebAddresses(t *testing.T) {
	for _, bad := range []string{"ftp://list.test/", "file:///etc/passwd", "www.vpngate.net", "https://", "http://[::1", "", "\x1b[2J"} {
		if _, err := fetch(t.Context(), bad, small, quiet); err == nil || !strings.Contains(err.Error(), "not an https or http address") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestFileThatNeverEnds(t *testing.T) {
	if _, err := readFile(t.Context(), "/dev/zero", nil, small.bytes); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("/dev/zero: %v", err)
	}
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := readFile(ctx, "-", r, small.bytes); err == nil || err.Error() != textErrStopped {
		t.Errorf("interrupted while a person types: %v", err)
	}
}

func TestProgressIsOneLineThatGoesAway(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		var b bytes.Buffer
		p := &progress{w: &b}
		for n := 0; n <= 4<<20; n += 1 << 10 { // 4 MiB in two seconds
			p.tell(n)
			time.Sleep(500 * time.Microsecond)
		}
		p.done()
		if got := b.String(); !strings.Contains(got, "Downloading the list of relays: 3600 KiB") || !strings.HasSuffix(got, eraseLine) ||
			strings.Contains(got, "\n") || strings.Count(got, "Downloading") > 11 {
			t.Errorf("%q", got)
		}
		b.Reset()
		if (&progress{w: &b}).done(); b.Len() > 0 {
			t.Errorf("without progress: %q", b.String())
		}
	})
}

// What keeps a person from the list is said in words, with the way out; nothing of Go's own.
func TestPersonWhoIsOfflineReadsASentence(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"no DNS":      {&net.DNSError{Err: "server misbehaving", Name: "www.vpngate.net", Server: "[::1]:53", IsTemporary: true}, textWhyName},
		"no such":     {&net.DNSError{Err: "no such host", Name: "www.vpngate.net", IsNotFound: true}, textWhyName},
		"no route":    {&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, textWhyNetwork},
		"dropped":     {&net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}, textWhySilent},
		"reset":       {&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, textWhyClosed},
		"other proxy": {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}, textWhyRefused},
	} {
		got := unreachable("www.vpngate.net", &url.Error{Op: "Get", URL: defaultURL, Err: test.err}).Error()
		if !strings.Contains(got, ": "+test.want+". ") || !strings.HasSuffix(got, "use --file") || strings.Contains(got, "dial") || strings.Contains(got, "Get ") {
			t.Errorf("%s: %s", name, got)
		}
		if proxied := strings.HasPrefix(got, "the proxy "); proxied != (name == "other proxy") || !proxied && !strings.HasPrefix(got, "www.vpngate.net could not be reached") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if _, err := fetch(t.Context(), "http://"+closed.Addr().String(), small, quiet); err == nil || !strings.Contains(err.Error(), "127.0.0.1 could not be reached: "+textWhyRefused) {
		t.Error(err)
	}
}
