// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"unicode"

	"github.com/godbus/dbus/v5"
)

// read makes a connection of a service's properties. A property that is missing or of another type is left
// out: the service may be of another version than this program, as after an upgrade.
func read(facts map[string]dbus.Variant) connection {
	c := connection{Addresses: []string{}}
	fill(&c, facts)
	if _, alive := facts["Since"]; alive {
		c.Session = &session{}
		fill(c.Session, facts)
	}
	return c
}

// fill sets the fields of *to that have a name on the bus.
func fill(to any, facts map[string]dbus.Variant) {
	v := reflect.ValueOf(to).Elem()
	for f, field := range v.Fields() {
		name, ok := f.Tag.Lookup("bus")
		if !ok {
			continue
		}
		if got := reflect.ValueOf(facts[name].Value()); got.IsValid() && got.Type() == f.Type {
			field.Set(got)
		}
	}
}

// writeJSON writes a list, even an empty one.
func writeJSON(w io.Writer, found []connection) error {
	if found == nil {
		found = []connection{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(found)
}

// plain returns s without what could control a terminal or reverse the text: names come from profiles and
// servers.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
