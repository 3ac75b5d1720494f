// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/pem"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"network-manager-softether/po"
	"network-manager-softether/profile/der"
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

// Check reports whether s is a value that k may have, considering k alone. An empty s is unset and allowed;
// blanks around it are ignored, as nmcli does. A non-nil error is a *[ValueError].
func (k *Key) Check(s string) error {
	if s = k.trim(s); s == "" {
		return nil
	}
	_, err := k.parse(s)
	return err
}

// trim removes the blanks around a value, as nmcli does; a person who writes a keyfile may leave some. In a
// secret they count.
func (k *Key) trim(s string) string {
	if k.Secret || k.Kind == KindPEM && inlinePEM(s) {
		return s
	}
	return trim(s)
}

func trim(s string) string { return strings.Trim(s, " \t\n\v\f\r") }

// parse checks a value that is not empty.
func (k *Key) parse(s string) (value, error) {
	v, err := k.decode(s)
	if err == nil {
		return v, nil
	}
	e := &ValueError{Key: k.Name, Value: shown(s), Allowed: err.Error()}
	switch err := err.(type) {
	case *plainError:
		e.Page = err.page
	case *hostError:
		e.Page = err.why
	}
	if k.Secret || k.Kind == KindPEM && inlinePEM(s) {
		e.Value = ""
	}
	return value{}, e
}

func (k *Key) decode(s string) (value, error) {
	inline := k.Kind == KindPEM && inlinePEM(s)
	if !inline { // only PEM text may contain a control character, the line feed
		if err := plainText(s); err != nil {
			return value{}, err
		}
	}
	switch k.Kind {
	case KindString:
		if strings.TrimSpace(s) != s { // blanks beyond ASCII, which are invisible and unintended
			return value{}, po.Error("spaces at the beginning or end are not allowed")
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
			return value{}, po.Error("the port is missing, as in proxy.example.com:3128 or [2001:db8::2]:1080")
		}
		return value{text: s, host: host}, nil
	case KindHostName:
		if why := badHostName(s); why != "" || !ascii(s) || len(s) > k.Max {
			return value{}, po.Error("only letters A to Z, digits, hyphens and dots are allowed, as in laptop-7 or laptop-7.example.com")
		}
		return value{text: s}, nil
	case KindInt, KindPort, KindSeconds, KindFlags:
		n, ok := decimal(s)
		if !ok || n < k.Min || n > k.Max {
			return value{}, po.Errorf("must be a number from %d to %d", k.Min, k.Max)
		}
		return value{text: s, n: n}, nil
	case KindBool:
		if s != "yes" && s != "no" {
			return value{}, po.Error("must be yes or no")
		}
		return value{text: s, on: s == "yes"}, nil
	case KindEnum:
		for _, c := range k.Values {
			if c.Word == s {
				return value{text: s}, nil
			}
		}
		return value{}, errors.New("must be " + k.words(""))
	case KindHex:
		b, ok := hexBytes(s)
		if !ok || len(b) < k.Min || len(b) > k.Max {
			return value{}, po.Errorf("must be %d hexadecimal digits, with or without colons between them", 2*k.Max)
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
	return fmt.Sprintf("%s or %s", strings.Join(items[:len(items)-1], ", "), items[len(items)-1])
}

func (k *Key) decodeMAC(s string) (value, error) {
	for _, c := range k.Values {
		if c.Word == s {
			return value{text: s}, nil
		}
	}
	mac, ok := macBytes(s)
	if !ok || mac[0]&1 != 0 || [6]byte(mac) == [6]byte{} {
		return value{}, &plainError{"must be " + k.words("a unicast address such as 5e:00:53:01:02:03"), po.T("must be a MAC address of a single device, such as 5e:00:53:01:02:03")}
	}
	return value{text: string(MACExplicit), bytes: mac}, nil
}

// inlinePEM reports whether s is PEM text rather than a path, which begins with a slash.
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
		want = "PRIVATE KEY" // or EC, RSA and ENCRYPTED PRIVATE KEY
	}
	for rest := der.PEMText([]byte(s)); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return value{}, &plainError{"the PEM text has no complete " + want + " block; give the absolute path of a file, or text from -----BEGIN to -----END", k.lacks()}
		}
		if block.Type == want || want == "PRIVATE KEY" && strings.HasSuffix(block.Type, " "+want) || want == "CERTIFICATE" && len(der.InBlock(block)) > 0 {
			return value{text: s, file: File{PEM: Secret(s)}}, nil
		}
	}
}

func decodePath(s string) (value, error) {
	if !path.IsAbs(s) || strings.HasSuffix(s, "/") || len(s) > maxPath {
		return value{}, &plainError{"must be the absolute path of a file, or PEM text", po.T("choose a file, or enter its full path, beginning with /")}
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
