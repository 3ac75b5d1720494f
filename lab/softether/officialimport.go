// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"network-manager-softether/lab/netns"
)

// An Imported is what the official client made of a .vpn file.
type Imported struct {
	Said    string            // by vpncmd
	Refused bool              // AccountImport failed
	Crashed bool              // vpncmd did not survive it
	Items   map[string]string // of the account, "ClientOption.Hostname", as the client's configuration has them; nil if the account could not be told from others
}

// importsAtOnce is how many accounts the client gets before it is restarted: it rewrites all of them for each.
const importsAtOnce = 50

// Imports makes the official client import .vpn files and returns what became of each.
func (o *Official) Imports(ctx context.Context, texts [][]byte) ([]Imported, error) {
	dir, err := os.MkdirTemp(o.dir, "import")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var files []string
	for i, text := range texts {
		// vpncmd takes a word that begins with a slash for an option; it runs in the root folder, so one less is the same.
		file := filepath.Join(dir, fmt.Sprint(i))
		files = append(files, strings.TrimPrefix(file, "/"))
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, err
		}
	}
	var all []Imported
	for len(files) > 0 {
		n := min(len(files), importsAtOnce)
		if o.proc != nil {
			if err := o.end(ctx); err != nil {
				return nil, err
			}
		}
		if err := o.launch(ctx); err != nil {
			return nil, err
		}
		some, err := o.imports(ctx, files[:n])
		if err != nil {
			return nil, err
		}
		all, files = append(all, some...), files[n:]
	}
	return all, nil
}

var importedAs = regexp.MustCompile(`(?s)The VPN Connection Setting "(.*)" has been imported\.`)

// imports imports files into a client without accounts.
func (o *Official) imports(ctx context.Context, files []string) ([]Imported, error) {
	var list []Imported
	for len(list) < len(files) {
		said, err := o.importUntilCrash(ctx, files[len(list):])
		if err != nil {
			return nil, err
		}
		for _, s := range said {
			list = append(list, Imported{Said: s, Refused: !importedAs.MatchString(s)})
		}
		if len(list) < len(files) { // the one that was being imported
			list = append(list, Imported{Crashed: true, Refused: true})
		}
	}
	config, err := os.ReadFile(o.Path("/var/lib/softether/vpn_client.config"))
	if err != nil {
		return nil, err
	}
	accounts := accountsOf(string(config))
	for i := range list {
		if m := importedAs.FindStringSubmatch(list[i].Said); m != nil {
			list[i].Items = accounts[m[1]]
		}
	}
	return list, nil
}

// importUntilCrash returns what vpncmd says about each file; about fewer files if it crashes.
func (o *Official) importUntilCrash(ctx context.Context, files []string) ([]string, error) {
	const command = "VPN Client>AccountImport "
	script := filepath.Join(o.dir, "vpncmd-official")
	if err := os.WriteFile(script, []byte("AccountImport "+strings.Join(files, "\nAccountImport ")+"\n"), 0o600); err != nil {
		return nil, err
	}
	res, err := o.Run(ctx, netns.Command{Args: []string{"vpncmd", "127.0.0.1", "/CLIENT", "/IN:" + script}})
	if err != nil {
		return nil, err
	}
	parts := strings.Split(res.Stdout, command)
	if len(parts) < 2 {
		return nil, fmt.Errorf("vpncmd: %s", res.Text())
	}
	said := parts[1:]
	if last := said[len(said)-1]; !strings.Contains(last, "The command completed successfully.") && !strings.Contains(last, "Error occurred. (Error code:") {
		said = said[:len(said)-1]
	}
	return said, nil
}

// accountsOf reads the accounts in the client's configuration, by name. Values stay as they are in the file.
func accountsOf(config string) map[string]map[string]string {
	accounts := map[string]map[string]string{}
	var blocks []string
	var items map[string]string
	for line := range strings.Lines(config) {
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "declare":
			blocks = append(blocks, words[1])
			if len(blocks) == 3 && blocks[1] == "AccountDatabase" {
				items = map[string]string{}
			}
		case len(words) == 1 && words[0] == "}":
			if len(blocks) == 3 && blocks[1] == "AccountDatabase" {
				accounts[unescaped(items["ClientOption.AccountName"])] = items
			}
			blocks = blocks[:len(blocks)-1]
		case len(words) == 3 && len(blocks) >= 3:
			items[strings.Join(append(blocks[3:len(blocks):len(blocks)], words[1]), ".")] = words[2]
		}
	}
	return accounts
}

var escapeOf = regexp.MustCompile(`\$[0-9A-F]{2}`)

// unescaped decodes a word that the client wrote.
func unescaped(word string) string {
	if word == "$" {
		return ""
	}
	return escapeOf.ReplaceAllStringFunc(word, func(s string) string {
		c, err := hex.DecodeString(s[1:])
		if err != nil {
			panic(err) // escapeOf matches hexadecimal digits only
		}
		return string(c)
	})
}
