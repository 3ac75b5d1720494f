// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArguments(t *testing.T) {
	full := options{uuid: "U", name: "N ame", service: "S", hints: []string{"a", "x-vpn-message:b c"}, interactive: true, reprompt: true, external: true}
	for _, tc := range []struct {
		why  string
		args []string
		want options
	}{
		{"none", nil, options{}},
		{"short", []string{"-u", "U", "-n", "N ame", "-s", "S", "-i", "-r", "-t", "a", "-t", "x-vpn-message:b c", "--external-ui-mode"}, full},
		{"long", []string{"--uuid", "U", "--name", "N ame", "--service", "S", "--allow-interaction", "--reprompt", "--hint", "a", "--hint", "x-vpn-message:b c", "--external-ui-mode"}, full},
		{"long with =", []string{"--hint=a", "--external-ui-mode", "--uuid=U", "--name=N ame", "--service=S", "--hint=x-vpn-message:b c", "--reprompt", "--allow-interaction"}, full},
		{"short and joined", []string{"-uU", "-nN ame", "-sS", "-irta", "-tx-vpn-message:b c", "--external-ui-mode"}, full},
		{"unknown ones", []string{"--new", "thing", "-x", "--newer=thing", "word", "-u", "U", "-q7"}, options{uuid: "U"}},
		{"a value that looks like an option", []string{"-n", "-i", "--name=--reprompt", "-t=a"}, options{name: "--reprompt", hints: []string{"=a"}}},
		{"a value missing", []string{"-i", "-u"}, options{interactive: true}},
		{"an empty value", []string{"-u", "", "-n", "N"}, options{name: "N"}},
		{"the end of options", []string{"-i", "--", "-r"}, options{interactive: true}},
		{"not UTF-8", []string{"-t", "x-vpn-message:\xff", "-", "-\xff"}, options{hints: []string{"x-vpn-message:\xff"}}},
	} {
		if diff := cmp.Diff(tc.want, parseArgs(tc.args), cmp.AllowUnexported(options{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.why, diff)
		}
	}
}
