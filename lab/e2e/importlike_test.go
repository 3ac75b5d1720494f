// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"network-manager-softether/profile/vpnfile"
)

// vpnFiles are all .vpn files of the tree, and what people sent.
func vpnFiles(t *testing.T) (texts [][]byte, names []string) {
	t.Helper()
	for _, pattern := range []string{"vpncmd", "cases"} {
		found, err := filepath.Glob("../../profile/vpnfile/testdata/" + pattern + "/*.vpn")
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range found {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts, names = append(texts, text), append(names, filepath.Base(name))
		}
	}
	return texts, names
}

// imported is what our import makes of a .vpn file.
func imported(text []byte) (*vpnfile.Account, *vpnfile.Connection, error) {
	a, _, err := vpnfile.Read(text)
	if err != nil {
		return nil, nil, err
	}
	c, _, err := a.Connection(sha256.Sum256)
	return a, c, err
}

// A person whose file the official client takes has no use for ours if it does not.
func TestWhatTheOfficialClientImportsIsImportedAlike(t *testing.T) {
	w := freshNetwork(t)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), 9*time.Minute)
	defer cancel()
	texts, names := vpnFiles(t)
	const mutants = 1000
	seed := uint64(20261128)
	if s := os.Getenv("MUTANTS_SEED"); s != "" { // for a hunt
		n, err := strconv.ParseUint(s, 10, 64)
		w.ok(err)
		seed = n
	}
	random := rand.New(rand.NewPCG(seed, seed))
	whole := len(texts)
	for i := range mutants {
		of := i % whole
		texts, names = append(texts, mutated(random, texts[of])), append(names, "mutation of "+names[of])
	}
	client, err := w.NewOfficial(ctx)
	w.ok(err)
	began := time.Now()
	theirs, err := client.Imports(ctx, texts)
	w.ok(err)
	var taken, refused, crashed, compared int
	for i, text := range texts {
		a, c, err := imported(text)
		switch {
		case theirs[i].Crashed:
			crashed++
			continue
		case theirs[i].Refused:
			refused++
			if err == nil {
				t.Errorf("%d, %s: the official client refuses it, we do not\n%s", i, names[i], kept(text, theirs[i].Said))
			}
			continue
		case err != nil:
			t.Errorf("%d, %s: the official client takes it, we say: %v\n%s", i, names[i], err, kept(text, theirs[i].Said))
			continue
		}
		taken++
		if theirs[i].Items == nil {
			continue
		}
		compared++
		for item, ours := range itemsOf(a) {
			if ours == "$" && !allUTF8(text) || strings.ContainsFunc(ours, func(r rune) bool { return r > 0xffff }) {
				continue // that one has been left out; the official client knows 65,536 characters
			}
			if want, ok := theirs[i].Items[item]; ok && !sameItem(item, want, ours) {
				t.Errorf("%d, %s: %s is %s to the official client, and %s to us\n%s", i, names[i], item, want, ours, kept(text, theirs[i].Said))
			}
		}
		if c.ID == "" || !utf8.ValidString(c.ID) {
			t.Errorf("%d, %s: named %q", i, names[i], c.ID)
		}
	}
	t.Logf("%d files in %v: the official client takes %d (the values of %d were compared), refuses %d, crashes on %d", len(texts), time.Since(began).Round(time.Second), taken, compared, refused, crashed)
	if taken < mutants/2 || refused < mutants/20 || compared < taken*9/10 || crashed > mutants/50 {
		t.Error("so many, or so few, show nothing")
	}
}

// kept leaves a text where a person can look at it.
func kept(text []byte, said string) string {
	if dir := os.Getenv("KEEP_MUTANTS"); dir != "" {
		f, err := os.CreateTemp(dir, "*.vpn")
		if err == nil {
			_, _ = f.Write(text)
			_ = f.Close()
			return f.Name() + "\n" + said
		}
	}
	return said
}

// itemsOf are the items that vpncmd shows of an account.
func itemsOf(a *vpnfile.Account) map[string]string {
	items := map[string]string{}
	block := ""
	for line := range strings.Lines(string(a.Marshal())) {
		switch words := strings.Fields(line); {
		case len(words) == 2 && words[0] == "declare":
			block = words[1] + "."
		case len(words) == 3:
			items[strings.TrimPrefix(block, "root.")+words[1]] = words[2]
		}
	}
	// These are the client's own.
	for _, own := range []string{
		"CreateDateTime", "UpdateDateTime", "LastConnectDateTime", "ShortcutKey", "ClientOption.AccountName",
		"ClientOption.ProxyPassword", "ClientAuth.EncryptedPassword", "ClientAuth.HashedPassword", /* nobody can see those */
	} {
		delete(items, own)
	}
	return items
}

// allUTF8 reports whether a file has no text in another encoding, escaped or not.
func allUTF8(text []byte) bool {
	return utf8.Valid(text) && !regexp.MustCompile(`\$[89A-Fa-f]`).Match(text)
}

// sameItem reports whether two words are the same value, as far as the official client can tell.
func sameItem(item, theirs, ours string) bool {
	switch {
	case ours == theirs:
		return true
	case item == "ServerCert", item == "ClientAuth.ClientCert", item == "ClientAuth.ClientKey": // they write what they understood, without what follows
		long, err1 := base64.StdEncoding.DecodeString(ours)
		short, err2 := base64.StdEncoding.DecodeString(theirs)
		return err1 == nil && err2 == nil && bytes.HasPrefix(long, short)
	case len(ours) > 255: // there it is cut
		return strings.HasPrefix(ours, theirs)
	case item == "ClientOption.ProxyName":
		theirs, ours = strings.ReplaceAll(theirs, "$20", ""), strings.ReplaceAll(ours, "$20", "")
		return theirs == ours || theirs == "$" && ours == ""
	}
	switch theirs {
	case ours:
		return true
	case "$", "0", "false": // an item that is missing has our defaults instead
		fresh := map[string]string{
			"ClientOption.Port": "443", "ClientOption.NumRetry": "4294967295", "ClientOption.RetryInterval": "15", "ClientOption.MaxConnection": "1",
			"ClientOption.AdditionalConnectionInterval": "1", "ClientOption.UseEncrypt": "true",
		}
		return fresh[item] == ours
	}
	return false
}
