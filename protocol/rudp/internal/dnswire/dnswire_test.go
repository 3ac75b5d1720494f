// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

var name = [4]byte{0x01, 0x23, 0xab, 0xcd}

// The bytes are those of softether-protocol.md 11.3.
const (
	query = "1234" + "0100000100000000000108" + "3031323361626364" + "0000300001000029100000008000" + "0002" + "6869"

	answer = "1234" + "8180000100010000000008" + "3031323361626364" + "0000300001c00c00300001" + "0000a8c0" + "0006" + "01000308" + "6869"
)

func TestBothWays(t *testing.T) {
	b := append(make([]byte, QueryLen), "hi"...)
	PutQuery(b, 0x1234, name)
	if diff := cmp.Diff(query, hex.EncodeToString(b)); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if id, d, ok := Query(b); !ok || id != 0x1234 || string(d) != "hi" {
		t.Errorf("a query's own datagram: %x %q %v", id, d, ok)
	}
	b = append(make([]byte, AnswerLen), "hi"...)
	PutAnswer(b, 0x1234, name, 43200)
	if diff := cmp.Diff(answer, hex.EncodeToString(b)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if d, ok := Answer(b); !ok || string(d) != "hi" {
		t.Errorf("an answer's own datagram: %q %v", d, ok)
	}
}

// A firewall that looks into DNS must find a question it understands.
func TestFirewallsUnderstandIt(t *testing.T) {
	for _, wire := range []string{query, answer} {
		b, err := hex.DecodeString(wire)
		if err != nil {
			t.Fatal(err)
		}
		var p dnsmessage.Parser
		h, err := p.Start(b)
		if err != nil {
			t.Fatal(err)
		}
		q, err := p.Question()
		if err != nil || q.Name.String() != "0123abcd." || q.Type != 48 || q.Class != dnsmessage.ClassINET {
			t.Errorf("question %v, %v", q, err)
		}
		if h.Response != (wire == answer) || !h.RecursionDesired {
			t.Errorf("header %+v", h)
		}
	}
}

func TestOtherMessages(t *testing.T) {
	good, _ := hex.DecodeString(query)
	for i := range QueryLen {
		b := bytes.Clone(good)
		b[i] ^= 1
		free := i < 2 || i >= nameAt && i < nameEnd
		if _, _, ok := Query(b); ok != free {
			t.Errorf("a query with byte %d changed: taken %v, want %v", i, ok, free)
		}
	}
	for n := range AnswerLen + 1 {
		if _, ok := Answer(make([]byte, n)); ok {
			t.Errorf("takes an answer of %d bytes", n)
		}
		if _, _, ok := Query(good[:min(n, QueryLen)]); ok {
			t.Errorf("takes a query cut to %d bytes", n)
		}
	}
}

func FuzzQuery(f *testing.F) {
	good, _ := hex.DecodeString(query)
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		id, d, ok := Query(b)
		if !ok {
			return
		}
		again := append(make([]byte, QueryLen), d...)
		PutQuery(again, id, name)
		copy(again[nameAt:nameEnd], b[nameAt:])
		if !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	good, _ := hex.DecodeString(answer)
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := Answer(b); ok && (len(d) == 0 || len(d) != len(b)-AnswerLen) {
			t.Errorf("%d bytes out of %d", len(d), len(b))
		}
	})
}
