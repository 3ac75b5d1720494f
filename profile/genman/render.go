// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"network-manager-softether/profile"
)

// render returns the whole page in man(7).
func render() string {
	var b strings.Builder
	b.WriteString(`.\" SPDX-License-Identifier: Apache-2.0
.\" Generated from profile/keys*.go by "go generate ./profile". Do not edit.
.TH NM\-SETTINGS\-SOFTETHER 5 "" "network\-manager\-softether" "Configuration"
.SH NAME
nm\-settings\-softether \- settings of SoftEther VPN connections in NetworkManager
.SH DESCRIPTION
A connection of type
.B vpn
with the service type
.B ` + roff(profile.ServiceType) + `
is configured by the keys in
.BR vpn.data .
They can be set with
.BR nmcli (1),
in a settings program, or in a keyfile, in the group
.BR [vpn] .
An empty value is the same as no value.
Unknown keys are ignored, with a warning in the log.
A connection with an invalid value fails; the log names the value and what is allowed.
Control characters are not allowed, except for the line ends of PEM text.
`)
	for _, g := range profile.Groups {
		section(&b, strings.ToUpper(g.String()), func(k profile.Key) bool { return k.Group == g && !k.Secret })
	}
	section(&b, "SECRETS", func(k profile.Key) bool { return k.Secret }, `The keys in
.BR vpn.secrets ,
in a keyfile in the group
.BR [vpn\-secrets] .
`)
	b.WriteString(tail)
	return b.String()
}

// section writes a heading and the keys that belong under it.
func section(b *strings.Builder, heading string, belongs func(profile.Key) bool, intro ...string) {
	b.WriteString(".SH " + roff(heading) + "\n" + strings.Join(intro, ""))
	for _, k := range profile.Keys {
		if belongs(k) {
			entry(b, k)
		}
	}
}

func entry(b *strings.Builder, k profile.Key) {
	fmt.Fprintf(b, ".TP\n.BR %s \" = \\fI%s\\fR\"\n%s.\n", roff(k.Name), roff(form(k)), line(k.Help))
	for _, sentence := range sentences(strings.TrimSpace(k.Long + " " + k.More)) {
		b.WriteString(line(sentence) + "\n")
	}
	for _, c := range k.Values {
		word := roff(c.Word)
		if c.Word == k.Default {
			word += `\fR (default)`
		}
		fmt.Fprintf(b, ".RS\n.TP\n.B %s\n%s.\n.RE\n", word, line(c.Help))
	}
	if k.Default != "" && len(k.Values) == 0 {
		fmt.Fprintf(b, "Default: %s.\n", roff(k.Default))
	}
}

// form returns in a word or two what a value looks like.
func form(k profile.Key) string {
	switch k.Kind {
	case profile.KindHost:
		return "host[:port][/hint]"
	case profile.KindHostPort:
		return "host:port"
	case profile.KindHostName:
		return "host name"
	case profile.KindInt, profile.KindPort, profile.KindFlags:
		return fmt.Sprintf("%d to %d", k.Min, k.Max)
	case profile.KindSeconds:
		return fmt.Sprintf("seconds, %d to %d", k.Min, k.Max)
	case profile.KindBool:
		return "yes|no"
	case profile.KindEnum:
		return strings.Join(words(k), "|")
	case profile.KindMAC:
		return strings.Join(append(words(k), "address"), "|")
	case profile.KindHex:
		return fmt.Sprintf("%d hexadecimal digits", 2*k.Max)
	case profile.KindPEM:
		return "path or PEM text"
	}
	return fmt.Sprintf("text, at most %d bytes", k.Max)
}

func words(k profile.Key) []string {
	var w []string
	for _, c := range k.Values {
		w = append(w, c.Word)
	}
	return w
}

// sentences splits text after full stops, since manual pages have one sentence per line.
func sentences(text string) []string {
	if text == "" {
		return nil
	}
	return strings.SplitAfter(strings.ReplaceAll(text, ". ", ".\n"), "\n")
}

// line makes text safe at the beginning of an input line.
func line(text string) string {
	text = roff(strings.TrimSpace(text))
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// roff escapes text: the hyphens of keys and values must be copied from the page as minus signs.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`).Replace(text)
}
