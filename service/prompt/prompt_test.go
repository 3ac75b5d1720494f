// SPDX-License-Identifier: Apache-2.0

package prompt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leonelquinteros/gotext"

	"network-manager-softether/po"
	"network-manager-softether/protocol"
	"network-manager-softether/service/prompt"
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
	p.ParseFile("../../po/de.po")
	po.Use(german{p.GetDomain().GetTranslations()})
	t.Cleanup(func() { po.Use(nil) })
}

func TestMessageOfTheServiceIsShownInThePersonsLanguage(t *testing.T) {
	english := strings.Join([]string{
		fmt.Sprintf(prompt.CertSelf, "vpn.example.com"),
		fmt.Sprintf(prompt.Subject, "CN=a: b"),
		fmt.Sprintf(prompt.Valid, "2026-01-01", "2036-01-01"),
		"a line from elsewhere",
		protocol.CodeHubNotFound.Text(),
	}, "\n")
	if got := prompt.Translate(english); got != english {
		t.Errorf("without a language: %q", got)
	}
	speakGerman(t)
	want := "Das Zertifikat von vpn.example.com ist selbst signiert.\nAusgestellt für: CN=a: b\nGültig: 2026-01-01 bis 2036-01-01\na line from elsewhere\n" +
		"Der Server hat keinen virtuellen Hub dieses Namens. Prüfen Sie den Hub in den Einstellungen der Verbindung."
	if got := prompt.Translate(english); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestEveryReasonAndCodeHasItsSentence: whatever the service says about a certificate or a server's refusal, German has a
// sentence of its own for it.
func TestEveryReasonAndCodeHasItsSentence(t *testing.T) {
	var lines []string
	for code := range protocol.ErrorCode(200) {
		lines = append(lines, code.Text())
	}
	for _, format := range []string{prompt.KeyPassword, prompt.KeyPasswordWrong, prompt.CertUntrusted, prompt.CertSelf,
		prompt.CertName, prompt.CertExpired, prompt.CertEarly, prompt.CertNotPinned, prompt.Subject, prompt.Issuer} {
		lines = append(lines, fmt.Sprintf(format, "joe"))
	}
	lines = append(lines, fmt.Sprintf(prompt.ProxyPassword, "joe", "p:1"), fmt.Sprintf(prompt.Password, "joe", "A", "h"), prompt.Remembered, prompt.RememberedRelay)
	speakGerman(t)
	for _, line := range lines {
		if prompt.Translate(line) == line {
			t.Errorf("%q is not translated", line)
		}
	}
}
