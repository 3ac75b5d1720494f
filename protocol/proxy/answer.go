// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// An answer to a challenge. A nil *answer gives none. It is safe for concurrent use.
type answer struct {
	user     string
	password func() []byte
	digest   *digest // nil: basic
	stale    bool    // the proxy only wanted a fresh nonce

	mu    sync.Mutex
	count uint32 // guarded by mu: how often the nonce has been used
}

// respond returns the answer to the strongest of the challenges.
func (p *Proxy) respond(challenges []challenge) (*answer, error) {
	if p.cfg.User == "" {
		return nil, denied("it wants authentication, and there is no proxy user")
	}
	var best *answer
	strength := -1
	var schemes []string
	for _, c := range challenges {
		a := &answer{user: p.cfg.User, password: p.cfg.Password}
		rank := -1
		switch c.scheme {
		case "basic":
			rank = 0
		case "digest":
			if a.digest = newDigest(c.params); a.digest != nil {
				rank = a.digest.hash.rank
				a.stale = strings.EqualFold(c.params["stale"], "true")
			}
		}
		if rank > strength {
			best, strength = a, rank
		}
		schemes = append(schemes, clip(c.scheme))
	}
	switch {
	case best == nil && len(schemes) == 0:
		return nil, fmt.Errorf("it wants authentication and does not say which")
	case best == nil:
		return nil, fmt.Errorf("it wants authentication by %s, which is not supported: use basic or digest", strings.Join(schemes, ", "))
	case best.digest == nil && strings.Contains(p.cfg.User, ":"):
		return nil, denied("basic authentication cannot carry a user name with a colon")
	}
	return best, nil
}

// header returns the value of Proxy-Authorization, empty for no answer. Basic's contains the password.
func (a *answer) header(method, uri string) []byte {
	if a == nil {
		return nil
	}
	password := a.password()
	defer clear(password)
	if a.digest == nil {
		plain := joined(a.user, password)
		defer clear(plain)
		const scheme = "Basic "
		out := make([]byte, len(scheme)+base64.StdEncoding.EncodedLen(len(plain)))
		base64.StdEncoding.Encode(out[copy(out, scheme):], plain)
		return out
	}
	a.mu.Lock()
	a.count++
	count := a.count
	a.mu.Unlock()
	return []byte(a.digest.header(a.user, password, method, uri, count))
}

// joined returns before, a colon and the password, in memory that has never been reallocated and so leaves no
// copies behind.
func joined(before string, password []byte) []byte {
	b := make([]byte, 0, len(before)+1+len(password))
	return append(append(append(b, before...), ':'), password...)
}

// followed is a secret and what stands behind it, with colons between. It overwrites the secret.
func followed(secret []byte, rest ...string) []byte {
	after := strings.Join(rest, ":")
	b := make([]byte, 0, len(secret)+1+len(after))
	b = append(append(append(b, secret...), ':'), after...)
	clear(secret)
	return b
}

// hashing is an algorithm of RFC 7616.
type hashing struct {
	name    string
	session bool
	rank    int // among answers; basic has 0
	sum     func([]byte) []byte
}

func md5Sum(b []byte) []byte    { s := md5.Sum(b); return s[:] }
func sha256Sum(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
func sha512Sum(b []byte) []byte { s := sha512.Sum512_256(b); return s[:] }

var hashings = []hashing{
	{"MD5", false, 1, md5Sum},
	{"MD5-sess", true, 1, md5Sum},
	{"SHA-256", false, 2, sha256Sum},
	{"SHA-256-sess", true, 2, sha256Sum},
	{"SHA-512-256", false, 3, sha512Sum},
	{"SHA-512-256-sess", true, 3, sha512Sum},
}

// digest is a digest challenge that can be answered (RFC 7616 3.3).
type digest struct {
	hash          hashing
	named         bool // the challenge names the algorithm
	realm, nonce  string
	opaque        string
	hasOpaque     bool
	qop           bool // protection "auth"; without it as in RFC 2069
	utf8, usersum bool
	cnonce        string // ours; one for each nonce, as "-sess" wants it
}

// newDigest returns nil for a challenge that cannot be answered.
func newDigest(params map[string]string) *digest {
	d := &digest{realm: params["realm"], nonce: params["nonce"]}
	name, named := params["algorithm"]
	if !named {
		name = "MD5"
	}
	i := slices.IndexFunc(hashings, func(h hashing) bool { return strings.EqualFold(h.name, name) })
	if i < 0 || d.nonce == "" || strings.ContainsAny(d.realm+d.nonce+params["opaque"], "\r\n\x00") {
		return nil
	}
	d.hash, d.named = hashings[i], named
	d.opaque, d.hasOpaque = params["opaque"], params["opaque"] != ""
	if qop, ok := params["qop"]; ok {
		d.qop = slices.ContainsFunc(strings.Split(qop, ","), func(q string) bool { return strings.EqualFold(strings.TrimSpace(q), "auth") })
		if !d.qop {
			return nil // auth-int alone
		}
	}
	d.utf8 = strings.EqualFold(params["charset"], "UTF-8")
	d.usersum = strings.EqualFold(params["userhash"], "true")
	d.cnonce = hex.EncodeToString([]byte(rand.Text()[:16]))
	return d
}

// header answers the challenge (RFC 7616 3.4). count is how often the nonce has been used, this time
// included.
func (d *digest) header(user string, password []byte, method, uri string, count uint32) string {
	h := func(parts ...string) string { return string(d.hexSum([]byte(strings.Join(parts, ":")))) }
	nc := fmt.Sprintf("%08x", count)
	// The first hash is as good as the password with this proxy.
	a1 := d.hexSum(joined(user+":"+d.realm, password))
	if d.hash.session {
		a1 = d.hexSum(followed(a1, d.nonce, d.cnonce))
	}
	a2 := h(method, uri)
	rest := []string{d.nonce, a2}
	if d.qop {
		rest = []string{d.nonce, nc, d.cnonce, "auth", a2}
	}
	response := string(d.hexSum(followed(a1, rest...)))

	out := []string{}
	add := func(name, value string) { out = append(out, name+"="+value) }
	switch {
	case d.usersum:
		add("username", quote(h(user, d.realm)))
	case d.utf8 && !isASCII(user):
		add("username*", "UTF-8''"+percent(user))
	default:
		add("username", quote(user))
	}
	add("realm", quote(d.realm))
	add("nonce", quote(d.nonce))
	add("uri", quote(uri))
	add("response", quote(response))
	if d.named {
		add("algorithm", d.hash.name)
	}
	if d.hasOpaque {
		add("opaque", quote(d.opaque))
	}
	if d.qop {
		add("qop", "auth")
		add("nc", nc)
	}
	if d.qop || d.hash.session {
		add("cnonce", quote(d.cnonce))
	}
	if d.usersum {
		add("userhash", "true")
	}
	return "Digest " + strings.Join(out, ", ")
}

// hexSum is the hash of b, which it overwrites, as the headers have it.
func (d *digest) hexSum(b []byte) []byte {
	sum := d.hash.sum(b)
	clear(b)
	defer clear(sum)
	return hex.AppendEncode(make([]byte, 0, hex.EncodedLen(len(sum))), sum)
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// percent encodes all but letters and digits (RFC 8187 3.2.1).
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
