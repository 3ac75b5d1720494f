// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/editor/form"
)

func TestCommittedPagesAreTheGeneratedOnes(t *testing.T) {
	for _, gtk := range []int{3, 4} {
		got, err := os.ReadFile(fmt.Sprintf("../page-gtk%d.ui", gtk))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(render(gtk), string(got)); diff != "" {
			t.Errorf("page-gtk%d.ui is not up to date; run: go generate ./editor/form (-want +got)\n%s", gtk, diff)
		}
		packed, err := os.ReadFile(fmt.Sprintf("../page-gtk%d.ui.gz", gtk))
		if err != nil {
			t.Fatal(err)
		}
		// Not byte for byte: another release of Go may compress otherwise.
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if held, err := io.ReadAll(r); err != nil || !bytes.Equal(held, got) {
			t.Errorf("page-gtk%d.ui.gz does not hold page-gtk%d.ui (%v); run: go generate ./editor/form", gtk, gtk, err)
		}
	}
}

func TestEveryFieldIsOnThePageOnceWithALabel(t *testing.T) {
	for _, gtk := range []int{3, 4} {
		page := render(gtk)
		for _, f := range form.Fields {
			if n := strings.Count(page, fmt.Sprintf(`" id="%s">`, f.Key)); n != 1 {
				t.Errorf("GTK %d: %s is there %d times", gtk, f.Key, n)
			}
			if f.Shape != form.Check && !strings.Contains(page, ">"+f.Key+"</property>") {
				t.Errorf("GTK %d: %s has no label of its own, so a screen reader cannot name it", gtk, f.Key)
			}
		}
	}
}
