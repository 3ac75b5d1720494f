// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommittedTemplateIsTheGeneratedOne(t *testing.T) {
	want, err := Template("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../network-manager-softether.pot")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the template is not up to date; run: go generate ./po, then translate what is new (-want +got)\n%s", diff)
	}
}

func TestTextsAreFoundWhereverTheyAre(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/a.go": `package a
const far = "from " + "a constant"
func f(x string) {
	// Translators: a hint.
	_ = po.T("straight")
	_ = po.F(far, 1)
	_ = po.Errorf(x)
	_ = po.N("one %d", "many %d", 2, 2)
	_ = fmt.Sprint("not a text")
}
//po:extract Label 1
var table = []T{{Label: "named", Key: "key", Words: []W{{"value", "placed"}}}}
//po:extract values
const (
	first  = "first value"
	second = "second\nvalue"
)
//po:extract map
var m = map[string]string{"k": "in a map"}
`,
		"a/a_test.go":         `package a; var _ = po.T("in a test")`,
		"editor/page-gtk3.ui": `<interface><item id="x" translatable="yes">A &amp; B</item><item>no</item></interface>`,
		"editor/page-gtk4.ui": `<interface/>`,
		"data/org.freedesktop.NetworkManager.softether.metainfo.xml.in": "<component><name>N</name><p>over\n   two lines</p><caption translate=\"no\">none</caption></component>",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := messages{}
	if err := all.readGo(dir); err != nil {
		t.Fatal(err)
	}
	if err := all.readXML(dir); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for one, m := range all {
		got[one] = m.many
	}
	want := map[string]string{
		"straight": "", "from a constant": "", "one %d": "many %d", "named": "", "placed": "", "first value": "",
		"second\nvalue": "", "in a map": "", "A & B": "", "N": "", "over two lines": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if all["straight"].hint != "Translators: a hint." {
		t.Errorf("the hint is %q", all["straight"].hint)
	}
}
