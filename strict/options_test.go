// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheCommandLine(t *testing.T) {
	for line, want := range map[string]string{
		"on Office":                      "on Office [] false false",
		"on --allow-lan Office 10.0.0.1": "on Office [10.0.0.1] true false",
		"off Office":                     "off Office [] false false",
		"off --all":                      "off  [] false true",
		"on -- --all":                    "on --all [] false false",
		"status":                         "status  [] false false",
		"on --help":                      "--help  [] false false",
		"":                               "", "frob": "", "on": "", "off": "", "on Office name": "", "on Office 0.0.0.0": "",
		"off --allow-lan Office": "", "status Office": "", "off Office Other": "", "on --frob Office": "",
	} {
		o, err := parse(strings.Fields(line))
		if want == "" {
			if err == nil {
				t.Errorf("%q is taken: %v", line, o)
			}
		} else if err != nil || fmt.Sprintf("%s %s %v %v %v", o.command, o.name, o.servers, o.lan, o.all) != want {
			t.Errorf("%q: %v, %v, want %s", line, o, err, want)
		}
	}
}
