// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// maxKept bounds the length of vpn-file-items, as the key's own limit does.
var maxKept = profile.Lookup(profile.KeyVPNFileItems).Max

// keep puts into the key vpn-file-items what an export of the translated connection would express differently
// from the file: a list of name=value with the values as in the file, separated by blanks.
func (t *translation) keep() {
	back, _ := fromKeys(t.c)
	mine, theirs := t.a.items(), back.items()
	var kept []string
	length := 0
	for i, it := range mine {
		value := word(it.value)
		if !it.kept || value == word(theirs[i].value) {
			continue
		}
		if it.name == "CustomHttpHeader" && secretive(t.a.CustomHttpHeader) {
			t.warn(it.name, po.T("not kept, as it seems to contain a secret, which must not be in vpn.data"))
			continue
		}
		if length += len(it.name) + len(value) + 2; length > maxKept {
			t.warn(it.name, po.T("not kept for a later export, as it is too long"))
			length -= len(it.name) + len(value) + 2
			continue
		}
		kept = append(kept, it.name+"="+value)
	}
	if len(kept) > 0 {
		t.c.Data[profile.KeyVPNFileItems] = strings.Join(kept, " ")
	}
}

// secretive reports whether HTTP headers look like they contain secrets.
func secretive(header string) bool {
	header = strings.ToLower(header)
	return strings.Contains(header, "auth") || strings.Contains(header, "cookie") || strings.Contains(header, "token")
}

// restore puts what an import has kept into an account made from the keys, except where the keys that say the
// same have been changed since. A text that is not a list of items is ignored: nobody but keep writes it.
func (a *Account) restore(c *Connection, fingerprint Fingerprint) {
	kept := map[string]string{}
	for pair := range strings.FieldsSeq(c.Data[profile.KeyVPNFileItems]) {
		if name, value, ok := strings.Cut(pair, "="); ok {
			kept[name] = value
		}
	}
	if len(kept) == 0 {
		return
	}
	full := *a
	for _, it := range full.items() {
		if value, ok := kept[it.name]; ok && it.kept {
			if !assign(it.value, value) {
				delete(kept, it.name)
			}
		}
	}
	then := full.translate(fingerprint).c.Data
	for _, it := range a.items() {
		value, ok := kept[it.name]
		if !ok || !it.kept || !agree(then, c.Data, it.taken) {
			continue
		}
		assign(it.value, value)
	}
}

// agree reports whether two connections mean the same by some keys.
func agree(a, b map[string]string, keys []string) bool {
	for _, key := range keys {
		if effective(a, key) != effective(b, key) {
			return false
		}
	}
	return true
}

// effective returns the value of a key with its default filled in, and a fingerprint or address in its
// shortest form.
func effective(data map[string]string, key string) string {
	k, value := profile.Lookup(key), strings.TrimSpace(data[key])
	switch {
	case value == "":
		return k.Default
	case k.Kind == profile.KindHex:
		return strings.ToLower(strings.ReplaceAll(value, ":", ""))
	case k.Kind == profile.KindHost:
		e, hint, err := profile.ParseGateway(value)
		switch {
		case err != nil:
		case hint == "" || hint == profile.HintTCP: // which transport already says
			return e.Host
		default:
			return e.Host + "/" + hint
		}
	case k.Kind == profile.KindPEM:
		return strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
	}
	return value
}
