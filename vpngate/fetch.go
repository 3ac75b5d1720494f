// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"network-manager-softether/po"
)

// defaultURL is where VPN Gate publishes its list for programs.
const defaultURL = "https://www.vpngate.net/api/iphone/"

const (
	maxList        = 32 << 20 // bytes, decompressed; the real list has about 1.5 MB
	defaultTimeout = time.Minute
	maxRedirects   = 5
)

// bounds limits how much is read and how long fetching may take.
type bounds struct {
	bytes int64
	time  time.Duration
}

// readFile reads a saved list; "-" is stdin. It waits for a person or a pipe until ctx ends, and then leaves
// the read behind, as the program is about to end.
func readFile(ctx context.Context, name string, stdin io.Reader, limit int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := readNamed(name, stdin, limit)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, po.Error(textErrStopped)
	}
}

func readNamed(name string, stdin io.Reader, limit int64) ([]byte, error) {
	if name == "-" {
		return readBounded(stdin, limit)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, po.Errorf(textErrRead, err)
	}
	defer f.Close()
	return readBounded(f, limit)
}

func readBounded(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, po.Errorf(textErrRead, err)
	}
	if int64(len(data)) > limit {
		return nil, po.Errorf(textErrTooBig, limit>>20)
	}
	return data, nil
}

// fetch gets the list from an http or https address. The environment names the proxy, as usual (http_proxy,
// https_proxy, no_proxy). progress is told how many bytes have arrived.
func fetch(ctx context.Context, address string, most bounds, progress func(n int)) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, po.Errorf(textErrScheme, shown(address, maxWord))
	}
	whole, cancel := context.WithTimeout(ctx, most.time)
	defer cancel()
	data, err := get(whole, u, most.bytes, progress)
	switch {
	case err == nil:
		return data, nil
	case ctx.Err() != nil:
		return nil, po.Error(textErrStopped)
	case whole.Err() != nil:
		return nil, po.Errorf(textErrSlow, most.time)
	}
	return nil, err
}

func get(ctx context.Context, u *url.URL, limit int64, progress func(n int)) ([]byte, error) {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
		TLSHandshakeTimeout:    20 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
	}
	client := &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, po.Errorf(textErrFetch, err)
	}
	req.Header.Set("User-Agent", "network-manager-softether/"+version)
	resp, err := client.Do(req)
	if err != nil {
		return nil, unreachable(u.Hostname(), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, po.Errorf(textErrStatus, shown(u.Host, maxWord), resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	data, err := readBounded(&counter{r: resp.Body, tell: progress}, limit)
	if err != nil && reason(err) != "" {
		return nil, unreachable(u.Hostname(), err)
	}
	return data, err
}

// checkRedirect refuses to continue without encryption if it was asked for.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return po.Message(textErrRedirects)
	}
	if req.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https" {
		return po.Message(textErrRedirect)
	}
	return nil
}

// A counter reports how many bytes have been read through it.
type counter struct {
	r    io.Reader
	n    int
	tell func(n int)
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	c.tell(c.n)
	return n, err
}
