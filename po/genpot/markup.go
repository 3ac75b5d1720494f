// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// readXML reads the files that are not Go: the settings page and the metainfo.
func (m messages) readXML(root string) error {
	for _, f := range []struct {
		path   string
		wholly []string // elements whose text is for people
	}{
		{path: "editor/page-gtk3.ui"},
		{path: "editor/page-gtk4.ui"},
		{path: "data/org.freedesktop.NetworkManager.softether.metainfo.xml.in", wholly: []string{"name", "summary", "p", "li", "caption", "keyword"}},
	} {
		file, err := os.Open(filepath.Join(root, f.path))
		if err != nil {
			return err
		}
		err = m.readElements(f.path, file, f.wholly)
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// readElements extracts the text of the elements with translatable="yes", and of those with these names
// unless they have translate="no".
func (m messages) readElements(name string, r io.Reader, wholly []string) error {
	d := xml.NewDecoder(r)
	names := map[string]bool{}
	for _, n := range wholly {
		names[n] = true
	}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		take := names[start.Name.Local]
		for _, a := range start.Attr {
			if a.Name.Local == "translatable" && a.Value == "yes" {
				take = true
			}
			if a.Name.Local == "translate" && a.Value == "no" {
				take = false
			}
		}
		if !take {
			continue
		}
		var text string
		if err := d.DecodeElement(&text, &start); err != nil {
			return err
		}
		if len(wholly) > 0 { // running text, which msgfmt takes without its line breaks
			text = strings.Join(strings.Fields(text), " ")
		}
		if err := m.add(name, text, "", ""); err != nil {
			return err
		}
	}
}
