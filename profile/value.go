// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/hex"
	"encoding/pem"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"network-manager-softether/po"
)

// value is one checked value; which fields are set depends on the kind.
type value struct {
	text  string
	n     int
	on    bool
	host  Endpoint
	hint  string
	bytes []byte
	file  File
}

func (v value) seconds() time.Duration { return time.Duration(v.n) * time.Second }

// Check reports whether s is a value k may have, looking at k alone. An empty s
// is unset and allowed. The error is a *[ValueError].
func (k *Key) Check(s string) error {
	if s == "" {
		return nil
	}
	_, err := k.parse(s)
	return err
}

// parse checks a value that is not empty.
func (k *Key) parse(s string) (value, error) {
	v, err := k.decode(s)
	if err == nil {
		return v, nil
	}
	e := &ValueError{Key: k.Name, Value: shown(s), Allowed: err.Error()}
	if k.Secret || k.Kind == KindPEM && inlinePEM(s) {
		e.Value = ""
	}
	return value{}, e
}

func (k *Key) decode(s string) (value, error) {
	inline := k.Kind == KindPEM && inlinePEM(s)
	if !inline { // the lines of PEM are the one place where a control character belongs
		if err := plainText(s); err != nil {
			return value{}, err
		}
	}
	switch k.Kind {
	case KindString:
		if strings.TrimSpace(s) != s {
			return value{}, po.Error("blanks at the beginning or end are not allowed")
		}
		if len(s) > k.Max {
			return value{}, po.Errorf("at most %d bytes are allowed", k.Max)
		}
		return value{text: s}, nil
	case KindHost:
		host, hint, err := ParseGateway(s)
		return value{text: s, host: host, hint: hint}, err
	case KindHostPort:
		host, err := ParseEndpoint(s)
		if err != nil {
			return value{}, err
		}
		if host.Port == 0 {
			return value{}, po.Error("a port must follow, as in proxy.example.com:3128 or [2001:db8::2]:1080")
		}
		return value{text: s, host: host}, nil
	case KindHostName:
		if why := badHostName(s); why != "" || !ascii(s) || len(s) > k.Max {
			return value{}, po.Error("letters A to Z, digits, hyphens and dots are allowed, as in laptop-7 or laptop-7.example.com")
		}
		return value{text: s}, nil
	case KindInt, KindPort, KindSeconds, KindFlags:
		n, ok := decimal(s)
		if !ok || n < k.Min || n > k.Max {
			return value{}, po.Errorf("a number from %d to %d is allowed", k.Min, k.Max)
		}
		return value{text: s, n: n}, nil
	case KindBool:
		if s != "yes" && s != "no" {
			return value{}, po.Error("yes or no is allowed")
		}
		return value{text: s, on: s == "yes"}, nil
	case KindEnum:
		for _, c := range k.Values {
			if c.Word == s {
				return value{text: s}, nil
			}
		}
		return value{}, po.Errorf("%s is allowed", k.words(""))
	case KindHex:
		b, ok := hexBytes(s)
		if !ok || len(b) < k.Min || len(b) > k.Max {
			return value{}, po.Errorf("%d hexadecimal digits are allowed, with or without colons between the bytes", 2*k.Max)
		}
		return value{text: s, bytes: b}, nil
	case KindMAC:
		return k.decodeMAC(s)
	case KindPEM:
		if inline {
			return k.decodePEM(s)
		}
		return decodePath(s)
	case KindSecret:
		if len(s) > k.Max {
			return value{}, po.Errorf("at most %d bytes are allowed", k.Max)
		}
		return value{text: s}, nil
	}
	panic("profile: key of unknown kind: " + k.Name)
}

// words lists what an enumeration allows; last is one more item, or "".
func (k *Key) words(last string) string {
	items := make([]string, 0, len(k.Values)+1)
	for _, c := range k.Values {
		items = append(items, c.Word)
	}
	if last != "" {
		items = append(items, last)
	}
	return po.F("%s or %s", strings.Join(items[:len(items)-1], ", "), items[len(items)-1])
}

func (k *Key) decodeMAC(s string) (value, error) {
	for _, c := range k.Values {
		if c.Word == s {
			return value{text: s}, nil
		}
	}
	mac, ok := macBytes(s)
	if !ok || mac[0]&1 != 0 || [6]byte(mac) == [6]byte{} {
		return value{}, po.Errorf("%s is allowed", k.words(po.T("a unicast address such as 5e:00:53:01:02:03")))
	}
	return value{text: string(MACExplicit), bytes: mac}, nil
}

// inlinePEM reports whether s is PEM text and not a path. A path begins with a slash.
func inlinePEM(s string) bool { return strings.Contains(s, "-----BEGIN ") }

func (k *Key) decodePEM(s string) (value, error) {
	if len(s) > k.Max {
		return value{}, po.Errorf("at most %d bytes of PEM text are allowed", k.Max)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }) {
		return value{}, po.Error("control characters are not allowed in PEM text")
	}
	want := "CERTIFICATE"
	if k.Name == KeyKey {
		want = "PRIVATE KEY" // also EC, RSA and ENCRYPTED PRIVATE KEY
	}
	for rest := []byte(s); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return value{}, po.Errorf("the PEM text holds no whole %s block; give the absolute path of a file, or text from -----BEGIN to -----END", want)
		}
		if block.Type == want || want == "PRIVATE KEY" && strings.HasSuffix(block.Type, " "+want) {
			return value{text: s, file: File{PEM: Secret(s)}}, nil
		}
	}
}

func decodePath(s string) (value, error) {
	if !path.IsAbs(s) || strings.HasSuffix(s, "/") || len(s) > maxPath {
		return value{}, po.Error("the absolute path of a file is allowed, or PEM text")
	}
	return value{text: s, file: File{Path: s}}, nil
}

// plainText refuses what could change the meaning of another protocol, a file or a terminal.
func plainText(s string) error {
	if !utf8.ValidString(s) {
		return po.Error("text must be UTF-8")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return po.Error("control characters are not allowed")
	}
	return nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// decimal reads a number of at most nine digits that is nothing but digits and
// does not begin with a needless zero.
func decimal(s string) (int, bool) {
	if len(s) == 0 || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// hexBytes reads hexadecimal bytes, with colons between all of them or none.
func hexBytes(s string) ([]byte, bool) {
	if strings.Contains(s, ":") {
		if len(s)%3 != 2 {
			return nil, false
		}
		for i := range len(s) {
			if (s[i] == ':') != (i%3 == 2) {
				return nil, false
			}
		}
		s = strings.ReplaceAll(s, ":", "")
	}
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) > 0
}

// macBytes reads six hexadecimal bytes with colons or hyphens between them.
func macBytes(s string) ([]byte, bool) {
	if !strings.Contains(s, ":") {
		s = strings.ReplaceAll(s, "-", ":")
	}
	b, ok := hexBytes(s)
	return b, ok && len(s) == len("5e:00:53:01:02:03")
}

// ParseFingerprint reads a SHA-256 fingerprint in the forms server-cert-sha256 has.
func ParseFingerprint(s string) (sum [pinSize]byte, ok bool) {
	b, ok := hexBytes(s)
	if !ok || len(b) != pinSize {
		return sum, false
	}
	return [pinSize]byte(b), true
}
