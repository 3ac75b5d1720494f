// SPDX-License-Identifier: Apache-2.0

package proxy

import "strings"

// A challenge is one scheme by which a proxy may identify its users (RFC 9110 11.3).
type challenge struct {
	scheme string            // lower case
	params map[string]string // names in lower case; values without quotes
}

// Bounds on what is kept of a header.
const (
	maxChallenges = 16
	maxParams     = 32
)

// parseChallenges reads the value of a Proxy-Authenticate header. Commas separate both challenges and their
// parameters, so only what follows a word tells which of the two it is. Anything unintelligible ends the
// list; what came before it counts.
func parseChallenges(value string) []challenge {
	var list []challenge
	s := scanner{value}
	for {
		s.skip(" \t,")
		word := s.token()
		if word == "" {
			return list
		}
		s.skip(" \t")
		if s.next('=') {
			s.skip(" \t")
			v, ok := s.value()
			if !ok || len(list) == 0 {
				return list
			}
			if last := &list[len(list)-1]; len(last.params) < maxParams {
				last.params[strings.ToLower(word)] = v
			}
			continue
		}
		if len(list) == maxChallenges {
			return list
		}
		list = append(list, challenge{strings.ToLower(word), make(map[string]string)})
		s.token68()
	}
}

// scanner reads a header value from its beginning.
type scanner struct{ rest string }

func (s *scanner) skip(chars string) { s.rest = strings.TrimLeft(s.rest, chars) }

func (s *scanner) next(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// token reads a word (RFC 9110 5.6.2), which may be empty.
func (s *scanner) token() string {
	n := strings.IndexFunc(s.rest, func(r rune) bool { return !tokenRune(r) })
	if n < 0 {
		n = len(s.rest)
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	return word
}

func tokenRune(r rune) bool {
	switch {
	case '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
		return true
	}
	return r < 0x80 && r > ' ' && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// token68 skips the unnamed parameter that some schemes have: base64 up to a comma.
func (s *scanner) token68() {
	n := strings.IndexByte(s.rest, ',')
	if n < 0 {
		n = len(s.rest)
	}
	word := strings.TrimRight(s.rest[:n], " \t")
	if body := strings.TrimRight(word, "="); body != "" && !strings.ContainsAny(body, "= \t\"") {
		s.rest = s.rest[n:]
	}
}

// value reads a word or a text in quotes (RFC 9110 5.6.4).
func (s *scanner) value() (string, bool) {
	if !s.next('"') {
		word := s.token()
		return word, word != ""
	}
	var b strings.Builder
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; c {
		case '"':
			s.rest = s.rest[i+1:]
			return b.String(), true
		case '\\':
			if i++; i == len(s.rest) {
				return "", false
			}
			b.WriteByte(s.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
