// SPDX-License-Identifier: Apache-2.0

package po_test

import (
	"errors"
	"io/fs"
	"testing"

	"network-manager-softether/po"
)

// shelf is a catalog in a test.
type shelf map[string]string

func (s shelf) Get(id string) string {
	if t, ok := s[id]; ok {
		return t
	}
	return id
}

func (s shelf) GetN(one, many string, n int) string {
	if n == 1 {
		return s.Get(one)
	}
	return s.Get(many)
}

func use(t *testing.T, c po.Catalog) {
	po.Use(c)
	t.Cleanup(func() { po.Use(nil) })
}

func TestTextsAreEnglishWithoutACatalog(t *testing.T) {
	for want, got := range map[string]string{
		"a text": po.T("a text"), "": po.T(""), "3 of 5": po.F("%d of %d", 3, 5), "one": po.N("one", "many %d", 1), "many 2": po.N("one", "many %d", 2, 2),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCatalogIsAskedWhenATextIsShown(t *testing.T) {
	const sentinel = po.Message("made early")
	err := po.Errorf("before: %w", fs.ErrNotExist)
	use(t, shelf{"a text": "ein Text", "": "the header", "%s by %s": "%[2]s: %[1]s", "made early": "früh gemacht", "failed: %w": "gescheitert: %w"})
	for want, got := range map[string]string{
		"ein Text": po.T("a text"), "": po.T(""), "B: A": po.F("%s by %s", "A", "B"), "früh gemacht": error(sentinel).Error(), "unknown": po.T("unknown"),
		"before: file does not exist": err.Error(), "gescheitert: file does not exist": po.Errorf("failed: %w", fs.ErrNotExist).Error(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if !errors.Is(po.Errorf("failed: %w", fs.ErrNotExist), fs.ErrNotExist) {
		t.Error("a translated error has lost what it wraps")
	}
}

func TestNamesStayInOnePieceInTextFromRightToLeft(t *testing.T) {
	use(t, shelf{"default:LTR": "default:RTL", "%s, port %d": "%s، درگاه %d"})
	if got, want := po.F("%s, port %d", "vpn.example.com", 443), "\u2068vpn.example.com\u2069، درگاه 443"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	po.Use(shelf{})
	if got := po.F("%s, port %d", "h", 1); got != "h, port 1" {
		t.Errorf("in a language from left to right: %q", got)
	}
}
