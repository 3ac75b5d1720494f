// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Marshal returns the wire form of p, or the first mistake made in building it.
func (p *Pack) Marshal() ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(p.elements)))
	for i := range p.elements {
		b = p.elements[i].append(b)
		if len(b) > MaxSize {
			return nil, &Error{
				Op: "build", Offset: -1, Element: p.elements[i].name,
				Err: fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxSize),
			}
		}
	}
	return b, nil
}

func (e *element) append(b []byte) []byte {
	// The length of a name includes a NUL that is not sent.
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.name)+1))
	b = append(b, e.name...)
	b = binary.BigEndian.AppendUint32(b, uint32(e.kind))
	b = binary.BigEndian.AppendUint32(b, uint32(e.values()))
	for _, v := range e.ints {
		if e.kind == kindInt64 {
			b = binary.BigEndian.AppendUint64(b, v)
		} else {
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		}
	}
	for _, v := range e.blobs {
		if e.kind == kindUniStr { // its NUL is sent as well as counted
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)+1))
			b = append(append(b, v...), 0)
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	return b
}

// Parse reads a Pack that fills b exactly. It keeps no reference to b. A non-nil error is an [*Error].
func Parse(b []byte) (*Pack, error) {
	r := &reader{b: b}
	if len(b) > MaxSize {
		return nil, r.fail("", fmt.Errorf("%w: %d bytes, allowed are %d", ErrTooLarge, len(b), MaxSize))
	}
	count, err := r.count(MaxElements)
	if err != nil {
		return nil, r.fail("", err)
	}
	p := &Pack{}
	for range count {
		e, err := r.element()
		if err == nil {
			err = p.insert(e)
		}
		if err != nil {
			return nil, r.fail(e.name, err)
		}
	}
	if r.off != len(b) {
		return nil, r.fail("", fmt.Errorf("%w: %d", ErrTrailing, len(b)-r.off))
	}
	return p, nil
}

// A reader consumes b from the front.
type reader struct {
	b   []byte
	off int
}

func (r *reader) fail(name string, err error) error {
	return &Error{Op: "parse", Offset: r.off, Element: name, Err: err}
}

// take returns the next n bytes, a view.
func (r *reader) take(n uint32) ([]byte, error) {
	if left := len(r.b) - r.off; uint64(n) > uint64(left) {
		return nil, fmt.Errorf("%w: %d bytes wanted, %d left", ErrTruncated, n, left)
	}
	v := r.b[r.off : r.off+int(n)]
	r.off += int(n)
	return v, nil
}

func (r *reader) uint32() (uint32, error) {
	v, err := r.take(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(v), nil
}

// count reads how many items follow, at most limit. Every item takes at least 4 bytes, so a count that needs
// more than is left is wrong.
func (r *reader) count(limit uint32) (uint32, error) {
	n, err := r.uint32()
	switch left := len(r.b) - r.off; {
	case err != nil:
		return 0, err
	case n > limit:
		return 0, fmt.Errorf("%w: a count of %d, allowed are %d", ErrTooLarge, n, limit)
	case uint64(n)*4 > uint64(left):
		return 0, fmt.Errorf("%w: a count of %d with %d bytes left", ErrTruncated, n, left)
	}
	return n, nil
}

func (r *reader) blob() ([]byte, error) {
	n, err := r.uint32()
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

func (r *reader) name() (string, error) {
	n, err := r.uint32()
	if err != nil {
		return "", err
	}
	if n == 0 || n > MaxName+1 {
		return "", fmt.Errorf("%w: a length of %d", ErrName, n)
	}
	v, err := r.take(n - 1)
	return string(v), err
}

// element reads one element. On failure, what has been read so far gives the name.
func (r *reader) element() (e element, err error) {
	if e.name, err = r.name(); err != nil {
		return e, err
	}
	k, err := r.uint32()
	if err != nil {
		return e, err
	}
	e.kind = kind(k)
	if e.kind > kindInt64 { // its length is unknown, so nothing behind it can be read
		return e, fmt.Errorf("%w %d", ErrType, k)
	}
	n, err := r.count(MaxValues)
	if err != nil {
		return e, err
	}
	switch e.kind {
	case kindInt, kindInt64:
		e.ints = make([]uint64, 0, n)
	default:
		e.blobs = make([][]byte, 0, n)
	}
	for range n {
		if err := r.value(&e); err != nil {
			return e, err
		}
	}
	return e, nil
}

// value reads one value of e.
func (r *reader) value(e *element) error {
	switch e.kind {
	case kindInt:
		v, err := r.uint32()
		e.ints = append(e.ints, uint64(v))
		return err
	case kindInt64:
		v, err := r.take(8)
		if err != nil {
			return err
		}
		e.ints = append(e.ints, binary.BigEndian.Uint64(v))
		return nil
	default:
		v, err := r.blob()
		if err != nil {
			return err
		}
		if e.kind != kindData {
			v = trim(v)
		}
		e.blobs = append(e.blobs, bytes.Clone(v))
		return nil
	}
}
