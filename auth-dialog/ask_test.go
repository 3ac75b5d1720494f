// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/auth-dialog/window"
	"network-manager-softether/internal/bubbletest"
)

const unknown = "DATA_KEY=gateway\nDATA_VAL=vpn.example.com\n\nDATA_KEY=user\nDATA_VAL=joe\n\nDONE\n\n"

func TestWindowShowsPasswords(t *testing.T) {
	for _, tc := range []struct {
		why, data string
		o         options
		want      window.Question
	}{
		{"password", "gateway=h user=u", options{}, window.Question{
			Heading: "Authenticate VPN Office", Text: "Enter the password of user “u” on h, hub “DEFAULT”.",
			Fields: []window.Field{{Name: "password", Label: "_Password"}},
		}},
		{"refused", "gateway=h", options{hints: []string{"password", "x-vpn-message:Wrong."}}, window.Question{
			Heading: "Authenticate VPN Office", Text: "Wrong.\nEnter the password of the user on h, hub “DEFAULT”.", Warning: true,
			Fields: []window.Field{{Name: "password", Label: "_Password"}},
		}},
		{"all three", "auth-type=certificate proxy-type=http", options{hints: []string{"password", "key-password", "proxy-password"}}, window.Question{
			Heading: "Authenticate VPN Office",
			Text: "Enter the password of the user on the VPN server, hub “DEFAULT”.\nEnter the password of the private key for the user on the VPN server, hub “DEFAULT”.\n" +
				"Enter the password of user “” for the proxy .",
			Fields: []window.Field{{Name: "password", Label: "_Password"}, {Name: "key-password", Label: "Private _key password"}, {Name: "proxy-password", Label: "Pro_xy password"}},
		}},
	} {
		tc.o.interactive, tc.o.name = true, "Office"
		tc.want.Title, tc.want.ShowPasswords, tc.want.Accept, tc.want.Cancel = "Authenticate VPN Office", "_Show what is typed", "C_onnect", "_Cancel"
		conn := connection{data: pairs(tc.data)}
		if diff := cmp.Diff(tc.want, windowQuestion(tc.o, conn, decide(tc.o, conn))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.why, diff)
		}
	}
}

func TestWindowLaysOutACertificate(t *testing.T) {
	halves := "0A" + strings.Repeat(":0A", 15)
	server := window.Fact{Label: "Server", Value: "h, hub “DEFAULT”"}
	fingerprint := window.Fact{Label: "SHA-256", Value: halves + ":\n" + halves, Digits: true}
	for _, tc := range []struct {
		why, message, text string
		facts              []window.Fact
	}{
		{
			"as the service writes it", "The certificate of h is self-signed.\nSubject: CN=a: b\nIssuer: CN=c\nValid: 2020-01-01 to 2030-01-01\nSHA-256: " + strings.Repeat("0a0a ", 16) + "\nDo you trust it?",
			"The certificate of h is self-signed.\nDo you trust it?",
			[]window.Fact{server, {Label: "Issued to", Value: "CN=a: b"}, {Label: "Issued by", Value: "CN=c"}, {Label: "Valid", Value: "2020-01-01 to 2030-01-01"}, fingerprint},
		},
		{"in other words", "Trust it?", "Trust it?", []window.Fact{server, fingerprint}},
		{"with another fingerprint, which is not the one that is trusted", "SHA-256: " + strings.Repeat("bcbc ", 16), "SHA-256: " + strings.TrimSpace(strings.Repeat("bcbc ", 16)), []window.Fact{server, fingerprint}},
	} {
		o := options{interactive: true, name: "Office", hints: []string{"trust-sha256-" + seen, hintMessage + tc.message}}
		conn := connection{data: pairs("gateway=h")}
		got := windowQuestion(o, conn, decide(o, conn))
		if got.Text != tc.text {
			t.Errorf("%s: text %q, want %q", tc.why, got.Text, tc.text)
		}
		if diff := cmp.Diff(tc.facts, got.Facts); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.why, diff)
		}
		if !got.Careful || !got.Warning || len(got.Fields) > 0 || got.Accept != "_Trust this server" {
			t.Errorf("%s: asked like a password: %+v", tc.why, got)
		}
	}
}

// answers is a person who types these.
func answers(m map[string]string) session {
	return session{ask: func(context.Context, window.Question) (map[string]string, error) { return m, nil }}
}

func TestAnswersOfTheWindowGoToTheAgent(t *testing.T) {
	trust := "trust-sha256-" + seen
	for _, tc := range []struct {
		why     string
		args    []string
		answers map[string]string
		want    string
	}{
		{"a password", nil, map[string]string{"password": " x y "}, "password\n x y \n\n\n"},
		{"a certificate", []string{"-t", trust}, nil, trust + "\nyes\n\n\n"},
		{"both", []string{"-t", trust, "-t", "password"}, map[string]string{"password": "x"}, trust + "\nyes\npassword\nx\n\n\n"},
	} {
		var out, errs bytes.Buffer
		code := run(append(append([]string{"-i"}, plainArgs...), tc.args...), strings.NewReader(unknown+"QUIT\n"), &out, &errs, answers(tc.answers))
		if code != 0 || out.String() != tc.want || errs.Len() > 0 {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want %q", tc.why, code, out.String(), errs.String(), tc.want)
		}
	}
}

func TestWindowThatGivesNoAnswer(t *testing.T) {
	for _, tc := range []struct {
		err    error
		stderr string
	}{
		{window.ErrCancelled, ""},
		{window.ErrNoDisplay, "there is no display"},
		{window.ErrNotBuilt, `nmcli --ask connection up "Office"`},
	} {
		s := session{ask: func(context.Context, window.Question) (map[string]string, error) { return nil, tc.err }}
		var out, errs bytes.Buffer
		code := run(append([]string{"-i"}, plainArgs...), strings.NewReader(unknown), &out, &errs, s)
		if code != 1 || out.Len() > 0 || !strings.Contains(errs.String(), tc.stderr) || tc.stderr == "" && errs.Len() > 0 {
			t.Errorf("%v: exit status %d, stdout %q, stderr %q", tc.err, code, out.String(), errs.String())
		}
	}
}

// The agent withdraws its question: the connection was ended, or it has crashed.
func TestWindowIsClosedWhenTheAgentLosesInterest(t *testing.T) {
	shown := session{ask: func(ctx context.Context, _ window.Question) (map[string]string, error) {
		select {
		case <-ctx.Done():
			return nil, window.ErrCancelled
		case <-time.After(time.Minute): // a person who takes her time
			return map[string]string{"password": "x"}, nil
		}
	}}
	for _, tc := range []struct {
		why  string
		act  func(w *io.PipeWriter)
		want time.Duration
		code int
	}{
		{"nm-applet says QUIT before the window is up", func(w *io.PipeWriter) { io.WriteString(w, "QUIT\n\n") }, time.Minute, 0},
		{"QUIT later", func(w *io.PipeWriter) { time.Sleep(10 * time.Second); io.WriteString(w, "QUIT\n\n") }, 10 * time.Second, 1},
		{"the agent is gone", func(w *io.PipeWriter) { time.Sleep(10 * time.Second); w.Close() }, 10 * time.Second, 1},
	} {
		t.Run(tc.why, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				r, w := io.Pipe()
				defer w.Close()
				go func() {
					io.WriteString(w, unknown)
					tc.act(w)
				}()
				var out, errs bytes.Buffer
				begin := time.Now()
				code := run(append([]string{"-i"}, plainArgs...), r, &out, &errs, shown)
				if got := time.Since(begin); code != tc.code || got != tc.want || errs.Len() > 0 || (out.Len() > 0) != (code == 0) {
					t.Errorf("exit status %d after %v, want %d after %v; stdout %q, stderr %q", code, got, tc.code, tc.want, out.String(), errs.String())
				}
			})
		})
	}
}

func TestKeyringIsAskedForWhatTheAgentKeeps(t *testing.T) {
	for _, tc := range []struct {
		why, data, secrets, args, want string
	}{
		{"kept by the agent", "password-flags=1", "", "-u 1", "password"},
		{"handed over", "password-flags=1", "password=x", "-u 1", ""},
		{"kept by NetworkManager", "password-flags=0", "", "-u 1", ""},
		{"never saved", "password-flags=3", "", "-u 1", ""},
		{"known to be wrong", "password-flags=1 proxy-password-flags=1", "", "-u 1 -t password", "proxy-password"},
		{"all to be asked again", "password-flags=1", "", "-u 1 -r", ""},
		{"a certificate question", "password-flags=1", "", "-u 1 -t trust-sha256-" + seen, "password"},
		{"the password of a key in a file", "auth-type=certificate key=/k key-password-flags=1", "", "-u 1", "key-password"},
		{"a connection without UUID", "password-flags=1", "", "", ""},
	} {
		got := kept(parseArgs(strings.Fields(tc.args)), connection{pairs(tc.data), pairs(tc.secrets)})
		if diff := cmp.Diff(strings.Fields(tc.want), append([]string{}, got...)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.why, diff)
		}
	}
}

const agentOwned = "DATA_KEY=password-flags\nDATA_VAL=1\n\nDONE\nQUIT\n"

func TestPasswordInTheKeyringIsNotAskedFor(t *testing.T) {
	var uuid string
	s := session{keyring: func(_ context.Context, u string, _ []string) (map[string]string, error) {
		uuid = u
		return map[string]string{"password": "kept"}, nil
	}}
	var out, errs bytes.Buffer
	if code := run(append([]string{"-i"}, plainArgs...), strings.NewReader(agentOwned), &out, &errs, s); code != 0 || out.String() != "password\nkept\n\n\n" || uuid != "1" {
		t.Errorf("exit status %d, stdout %q, stderr %q, asked for connection %q", code, out.String(), errs.String(), uuid)
	}
}

func TestPasswordIsAskedForWhenTheKeyringFails(t *testing.T) {
	s := answers(map[string]string{"password": "typed"})
	s.keyring = func(context.Context, string, []string) (map[string]string, error) { return nil, errors.New("on fire") }
	var out, errs bytes.Buffer
	if code := run(append([]string{"-i"}, plainArgs...), strings.NewReader(agentOwned), &out, &errs, s); code != 0 || out.String() != "password\ntyped\n\n\n" || !strings.Contains(errs.String(), "on fire") {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, out.String(), errs.String())
	}
}
