// SPDX-License-Identifier: Apache-2.0

package prompt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leonelquinteros/gotext"

	"network-manager-softether/po"
	"network-manager-softether/prompt"
)

// german is a catalog of the .po file.
type german struct {
	texts map[string]*gotext.Translation
}

func (g german) Get(id string) string {
	if t := g.texts[id]; t != nil {
		return t.Get()
	}
	return id
}

func (g german) GetN(_, many string, _ int) string { return g.Get(many) }

func speakGerman(t *testing.T) {
	p := gotext.NewPo()
	p.ParseFile("../po/de.po")
	po.Use(german{p.GetDomain().GetTranslations()})
	t.Cleanup(func() { po.Use(nil) })
}

func TestMessageOfTheServiceIsShownInThePersonsLanguage(t *testing.T) {
	english := strings.Join([]string{
		fmt.Sprintf(prompt.CertSelf, "vpn.example.com"),
		fmt.Sprintf(prompt.Subject, "CN=a: b"),
		fmt.Sprintf(prompt.Valid, "2026-01-01", "2036-01-01"),
		"a line from elsewhere",
	}, "\n")
	if got := prompt.Translate(english); got != english {
		t.Errorf("without a language: %q", got)
	}
	speakGerman(t)
	want := "Das Zertifikat von vpn.example.com ist selbst signiert.\nAusgestellt für: CN=a: b\nGültig: 2026-01-01 bis 2036-01-01\na line from elsewhere"
	if got := prompt.Translate(english); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
