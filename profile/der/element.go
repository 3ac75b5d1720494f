// SPDX-License-Identifier: Apache-2.0

// Package der reads as much of certificates and private keys as a settings page shows and a .vpn file needs:
// whose a certificate is and until when, and what kind of key a key is.
//
// It judges nothing. Whether a certificate or key is usable is determined by the service, with crypto/x509,
// before it uses it. Settings programs load this package instead, since crypto/x509 costs each of them 1.5
// MB, and cryptobyte with the encoding/asn1 below it 0.1 MB.
//
// All functions are pure, and safe for any input.
package der

// Tags of ASN.1 (X.690 8.1.2), including the bit for "constructed" where it belongs.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagBitString   = 0x03
	tagOctets      = 0x04
	tagOID         = 0x06
	tagUTCTime     = 0x17
	tagTime        = 0x18 // GeneralizedTime
	tagBMPString   = 0x1e
	tagSequence    = 0x30
	tagSet         = 0x31
	tagExplicit0   = 0xa0
	tagExplicit1   = 0xa1
	tagExplicit3   = 0xa3
	tagImplicit1   = 0x81
	tagImplicit2   = 0x82
	longLength     = 0x80
	maxLengthBytes = 3 // 16 MB
)

// An element is one value and its tag.
type element struct {
	tag     byte
	content []byte
	whole   []byte // including tag and length
}

// next cuts the first element off b; ok is false if b does not begin with a complete one in DER (X.690 10.1).
func next(b []byte) (e element, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f { // certificates use no tags of more than one byte
		return e, nil, false
	}
	length, head := int(b[1]), 2
	if length >= longLength {
		n := length - longLength
		if n == 0 || n > maxLengthBytes || len(b) < 2+n || b[2] == 0 {
			return e, nil, false
		}
		length, head = 0, 2+n
		for _, c := range b[2:head] {
			length = length<<8 | int(c)
		}
		if length < longLength {
			return e, nil, false
		}
	}
	if len(b)-head < length {
		return e, nil, false
	}
	end := head + length
	return element{tag: b[0], content: b[head:end], whole: b[:end]}, b[end:], true
}

// First returns the element that b begins with, nil if there is no complete one.
func First(b []byte) []byte {
	e, _, _ := next(b)
	return e.whole
}

// children returns the elements in b, which must be one element with that tag.
func children(b []byte, tag byte) (list []element, ok bool) {
	e, rest, ok := next(b)
	if !ok || e.tag != tag || len(rest) > 0 {
		return nil, false
	}
	for b = e.content; len(b) > 0; {
		if e, b, ok = next(b); !ok {
			return nil, false
		}
		list = append(list, e)
	}
	return list, true
}

// is reports whether the first elements have those tags.
func is(list []element, tags ...byte) bool {
	if len(list) < len(tags) {
		return false
	}
	for i, tag := range tags {
		if list[i].tag != tag {
			return false
		}
	}
	return true
}
