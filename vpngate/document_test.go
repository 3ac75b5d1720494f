// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"network-manager-softether/profile"
)

func TestHelpAndManualAreComplete(t *testing.T) {
	page, err := os.ReadFile("../data/nm-softether-vpngate.1")
	if err != nil {
		t.Fatal(err)
	}
	manual := strings.ReplaceAll(string(page), `\-`, "-")
	flags(&options{}, new(string)).VisitAll(func(f *flag.Flag) {
		if !strings.Contains(usage(), "--"+f.Name) || !strings.Contains(manual, "\n.B --"+f.Name+"\n") && !strings.Contains(manual, "\n.BI --"+f.Name+" ") {
			t.Errorf("--%s is not in both", f.Name)
		}
	})
	for _, s := range []string{profile.KeyBlockIPv6, "ipv4.dns-priority", "ipv6.dns-priority"} {
		if !strings.Contains(manual, s) {
			t.Errorf("the manual does not say what a connection does to %s", s)
		}
	}
	for _, o := range orders {
		if !strings.Contains(usage(), o.name) || !strings.Contains(manual, "\n.B "+o.name+"\n") && !strings.Contains(manual, "\n.BR "+o.name+" ") {
			t.Errorf("--sort %s is not in both", o.name)
		}
	}
	for _, v := range []any{jsonRelay{}, jsonList{}, jsonAdded{}} {
		for f := range reflect.TypeOf(v).Fields() {
			if name := f.Tag.Get("json"); !strings.Contains(manual, name) {
				t.Errorf("%s of JSON is not in the manual", name)
			}
		}
	}
}
