// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func read(text string) (connection, error) {
	return readConnection(newLineReader(strings.NewReader(text)))
}

func TestReadConnection(t *testing.T) {
	type dict = map[string]string
	for _, tc := range []struct {
		why, in       string
		data, secrets dict
	}{
		{"nothing", "", dict{}, dict{}},
		{"only the end", "DONE\n", dict{}, dict{}},
		{"as GNOME Shell writes it", "DATA_KEY=user\nDATA_VAL=joe\n\nDATA_KEY=hub\nDATA_VAL=A\n\nSECRET_KEY=password\nSECRET_VAL=x y\n\nDONE\n\n", dict{"user": "joe", "hub": "A"}, dict{"password": "x y"}},
		{"without blank lines", "SECRET_KEY=a\nSECRET_VAL=b\nDATA_KEY=c\nDATA_VAL=d\nDONE\n", dict{"c": "d"}, dict{"a": "b"}},
		{"a blank line within a pair", "DATA_KEY=c\n\nDATA_VAL=d\nDONE\n", dict{"c": "d"}, dict{}},
		{"the end without DONE", "DATA_KEY=c\nDATA_VAL=d\n", dict{"c": "d"}, dict{}},
		{"the end within a line", "DATA_KEY=c\nDATA_VAL=d", dict{"c": "d"}, dict{}},
		{"a key without its value", "DATA_KEY=c\nDONE\n", dict{}, dict{}},
		{"what comes after DONE", "DONE\nDATA_KEY=c\nDATA_VAL=d\n", dict{}, dict{}},
		{"DONE is a whole line", "DATA_KEY=c\nDATA_VAL=d\nDONEx\n DONE\nDATA_KEY=e\nDATA_VAL=f\nDONE\n", dict{"c": "d", "e": "f"}, dict{}},
		{"NUL for newline", "DATA_KEY=c\x00DATA_VAL=d\x00\x00DONE\x00", dict{"c": "d"}, dict{}},
		{"values of several lines", "DATA_KEY=cert\nDATA_VAL=-----BEGIN\n=AAA=\n=\n=-----END\n\nDONE\n", dict{"cert": "-----BEGIN\nAAA=\n\n-----END"}, dict{}},
		{"keys of several lines", "SECRET_KEY=a\n=b\nSECRET_VAL=c\nDONE\n", dict{}, dict{"a\nb": "c"}},
		{"a continuation of nothing", "=x\nDATA_KEY=a\nDATA_VAL=b\n\n=c\nDONE\n", dict{"a": "b"}, dict{}},
		{"equal signs in values", "DATA_KEY=a=b\nDATA_VAL==c=\nDONE\n", dict{"a=b": "=c="}, dict{}},
		{"empty values", "DATA_KEY=a\nDATA_VAL=\nDONE\n", dict{"a": ""}, dict{}},
		{"a key again", "DATA_KEY=a\nDATA_VAL=1\nDATA_KEY=a\nDATA_VAL=2\nDONE\n", dict{"a": "2"}, dict{}},
		{"a second key instead of a value", "DATA_KEY=a\nDATA_KEY=b\nDATA_VAL=2\nDONE\n", dict{"b": "2"}, dict{}},
		{"lines of unknown form", "HELLO\nDATA_KEY=a\nMIIB\nDATA_VAL=1\nFOO=bar\nDONE\n", dict{"a": "1"}, dict{}},
		{"a value without a key ends it", "DATA_VAL=1\nDATA_KEY=a\nDATA_VAL=1\nDONE\n", dict{}, dict{}},
		{"a second value ends it", "DATA_KEY=a\nDATA_VAL=1\nDATA_VAL=2\nDATA_KEY=b\nDATA_VAL=1\n", dict{"a": "1"}, dict{}},
		{"a value of the other kind ends it", "DATA_KEY=a\nSECRET_VAL=1\nDATA_KEY=b\nDATA_VAL=1\n", dict{}, dict{}},
	} {
		got, err := read(tc.in)
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
		}
		if diff := cmp.Diff(connection{tc.data, tc.secrets}, got, cmp.AllowUnexported(connection{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.why, diff)
		}
	}
}

// endless is an agent that never stops writing text.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestInputIsBounded(t *testing.T) {
	for _, tc := range []struct {
		why  string
		in   io.Reader
		want error
	}{
		{"one line", endless("x"), errLongLine},
		{"long lines", endless(strings.Repeat("x", 1000) + "\n"), errTooMuch},
		{"empty lines", endless("\n"), errTooMuch},
		{"pairs", endless("DATA_KEY=a\nDATA_VAL=b\n"), errTooMuch},
		{"continuations", io.MultiReader(strings.NewReader("DATA_KEY=a\n"), endless("=\n")), errTooMuch},
	} {
		if _, err := readConnection(newLineReader(tc.in)); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.why, err, tc.want)
		}
	}
	if err := awaitQuit(newLineReader(endless("NO\n"))); !errors.Is(err, errTooMuch) {
		t.Errorf("QUIT: got %v, want %v", err, errTooMuch)
	}
	longest := strings.Repeat("x", maxLine-len("DATA_VAL="))
	if conn, err := read("DATA_KEY=a\nDATA_VAL=" + longest + "\nDONE\n"); err != nil || conn.data["a"] != longest {
		t.Errorf("the longest line is refused: %v", err)
	}
}

// encode writes a connection as nmcli does.
func encode(c connection) string {
	var b strings.Builder
	lines := func(tag, s string) { b.WriteString(tag + "=" + strings.ReplaceAll(s, "\n", "\n=") + "\n") }
	for _, k := range slices.Sorted(maps.Keys(c.data)) {
		lines("DATA_KEY", k)
		lines("DATA_VAL", c.data[k])
		b.WriteByte('\n')
	}
	for _, k := range slices.Sorted(maps.Keys(c.secrets)) {
		lines("SECRET_KEY", k)
		lines("SECRET_VAL", c.secrets[k])
		b.WriteByte('\n')
	}
	return b.String() + "DONE\n\n"
}

func FuzzReadConnection(f *testing.F) {
	f.Add("DATA_KEY=user\nDATA_VAL=joe\n\nSECRET_KEY=password\nSECRET_VAL=x\n\nDONE\n\nQUIT\n\n")
	f.Add("DATA_KEY=cert\nDATA_VAL=-----BEGIN\n=AAA\n=\n\nDONE\n")
	f.Add("=\n==\nDATA_KEY=\x00DATA_VAL=\x00SECRET_KEY=\nDATA_VAL=\n")
	f.Add("SECRET_KEY=\n=\nSECRET_VAL==\nDONE")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := read(in)
		if err != nil {
			if len(in) <= maxLine && strings.Count(in, "KEY=") <= maxPairs {
				t.Fatal(err)
			}
			return
		}
		again, err := read(encode(got))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again, cmp.AllowUnexported(connection{})); diff != "" {
			t.Errorf("written and read again (-first +again)\n%s", diff)
		}
		q := decide(options{name: in, hints: []string{hintMessage + in, in}, interactive: true}, got)
		var b strings.Builder
		if err := writeExternal(&b, q); err != nil {
			t.Fatal(err)
		}
		checkKeyfile(t, b.String(), q)
	})
}

// checkKeyfile reads a key file back as GKeyFile would and compares it with the question.
func checkKeyfile(t *testing.T, text string, q question) {
	t.Helper()
	unescape := strings.NewReplacer(`\\`, `\`, `\s`, " ", `\n`, "\n", `\r`, "\r", `\t`, "\t")
	group := ""
	got := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if name, ok := strings.CutPrefix(line, "["); ok && strings.HasSuffix(name, "]") {
			group = name[:len(name)-1]
			if len(got) == 0 && group != "VPN Plugin UI" {
				t.Errorf("the first group is %q", group)
			}
		} else if k, v, ok := strings.Cut(line, "="); ok && group != "" {
			got[group+"/"+k] = unescape.Replace(strings.TrimLeft(v, " \t"))
		} else if line != "" {
			t.Fatalf("bad line %q in\n%s", line, text)
		}
	}
	want := map[string]string{"VPN Plugin UI/Version": "2", "VPN Plugin UI/Title": q.title, "VPN Plugin UI/Description": q.description}
	if len(q.fields) == 0 {
		q.fields = []field{{key: "no-secret", value: "true"}}
	}
	for _, f := range q.fields {
		want[f.key+"/Value"] = strings.ToValidUTF8(f.value, "\ufffd")
		want[f.key+"/Label"] = f.label
		want[f.key+"/IsSecret"] = "true"
		want[f.key+"/ShouldAsk"] = fmt.Sprint(f.ask)
		want[f.key+"/ForceEcho"] = fmt.Sprint(f.echo)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
