// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
		"not found": {http.NotFound, "answered 404 Not Found"},
		"for ever":  {endless, "larger than 1 MiB"},
		"round":     {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "without end"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "unsupported protocol"},
		"long head": {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "fetching the list failed"},
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "99")
			io.WriteString(w, "*")
		}, "unexpected EOF"},
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
		if _, err := fetch(t.Context(), bad, small, quiet); err == nil || !strings.Contains(err.Error(), "neither") {
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
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := &progress{w: &b}
		for n := 0; n <= 4<<20; n += 1 << 10 { // 4 MiB in two seconds
			p.tell(n)
			time.Sleep(500 * time.Microsecond)
		}
		p.done()
		if got := b.String(); !strings.Contains(got, "Fetching the list of relays: 3600 KiB") || !strings.HasSuffix(got, eraseLine) ||
			strings.Contains(got, "\n") || strings.Count(got, "Fetching") > 11 {
			t.Errorf("%q", got)
		}
		b.Reset()
		if (&progress{w: &b}).done(); b.Len() > 0 {
			t.Errorf("without progress: %q", b.String())
		}
	})
}
