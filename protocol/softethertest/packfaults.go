// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"encoding/binary"
	"net/netip"
	"sync"

	"network-manager-softether/protocol/pack"
)

// Faults about the pack, for StepHello, StepLogin and StepAttach.

// Body answers with these bytes in place of a pack.
func Body(b []byte) Fault {
	return func(x *Exchange) bool {
		x.WriteHTTP("200 OK", typePack, b)
		x.WaitClosed()
		return false
	}
}

// Change lets f change the answer: pack.Del takes an element out of it.
func Change(f func(p *pack.Pack)) Fault {
	return func(x *Exchange) bool {
		if x.Reply != nil {
			f(x.Reply)
		}
		return true
	}
}

// Without answers without the elements of these names: "random" for a hello,
// "session_key" for a welcome.
func Without(names ...string) Fault {
	return Change(func(p *pack.Pack) {
		for _, n := range names {
			p.Del(n)
		}
	})
}

// SetInt answers with another value for an INT element: SetInt("use_encrypt", 0).
func SetInt(name string, v uint32) Fault {
	return Change(func(p *pack.Pack) {
		p.Del(name)
		p.AddInt(name, v)
	})
}

// SetData answers with another value for a DATA element.
func SetData(name string, v []byte) Fault {
	return Change(func(p *pack.Pack) {
		p.Del(name)
		p.AddData(name, v)
	})
}

// Refuse answers with an error code and nothing else.
func Refuse(code uint32) Fault {
	return func(x *Exchange) bool {
		x.Reply = &pack.Pack{}
		x.Reply.AddInt("error", code)
		return true
	}
}

// DuplicateElement repeats the first element of the answer at its end.
func DuplicateElement(x *Exchange) bool {
	const name = "version"
	var twin pack.Pack
	twin.AddInt(name, 1)
	if !x.Reply.Has(name) {
		x.Reply.AddInt(name, 2)
	}
	more, _ := twin.Marshal()
	b := append(x.marshal(), more[4:]...)
	binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+1)
	return Body(b)(x)
}

// HugeElementCount answers with a pack that claims 2^32-1 elements.
func HugeElementCount(x *Exchange) bool {
	b := x.marshal()
	binary.BigEndian.PutUint32(b, 0xffffffff)
	return Body(b)(x)
}

// HugeValueCount answers with an element that claims 2^32-1 values.
func HugeValueCount(x *Exchange) bool {
	var p pack.Pack
	p.AddInt("error", 0)
	b, _ := p.Marshal()
	binary.BigEndian.PutUint32(b[len(b)-8:], 0xffffffff)
	return Body(b)(x)
}

// GarbagePack answers with a body that is no pack.
func GarbagePack(x *Exchange) bool {
	b := x.marshal()
	for i := range b {
		b[i] ^= 0x5a
	}
	return Body(b)(x)
}

// RedirectLoop redirects every login to the server itself. It belongs to StepLogin.
func RedirectLoop(x *Exchange) bool {
	r := Redirect{To: x.Server}
	x.Reply = r.pack(x.Login.Str("hubname"), x.Login.Str("username"), false)
	return true
}

// RedirectTo redirects as r says, which need not make sense. It belongs to StepLogin.
func RedirectTo(r Redirect) Fault {
	return func(x *Exchange) bool {
		if r.To == nil {
			r.To = x.Server
		}
		x.Reply = r.pack(x.Login.Str("hubname"), x.Login.Str("username"), false)
		return true
	}
}

// Nowhere is an address that [RedirectTo] can name and no server has.
var Nowhere = netip.MustParseAddr("127.255.255.254")

// Faults of the data phase, for StepData.

// LongBlock sends a block of 3201 bytes, one more than is allowed.
func LongBlock(x *Exchange) bool {
	b := message(1)
	b = binary.BigEndian.AppendUint32(b, maxBlock+1)
	return Say(append(b, make([]byte, maxBlock+1)...))(x)
}

// Bomb sends a block of some 1000 bytes that expands to 1 MiB.
func Bomb(x *Exchange) bool { return Say(bomb())(x) }

var bomb = sync.OnceValue(func() []byte {
	b := zipped(make([]byte, 1<<20))
	return append(binary.BigEndian.AppendUint32(message(1), uint32(len(b))), b...)
})

// LongKeepAlive sends a keep-alive of 513 bytes, one more than is allowed.
func LongKeepAlive(x *Exchange) bool {
	b := message(keepAlive)
	b = binary.BigEndian.AppendUint32(b, maxKeepAlive+1)
	return Say(append(b, make([]byte, maxKeepAlive+1)...))(x)
}

// LyingCount announces 2^32-2 blocks and sends two, then keeps silent.
func LyingCount(x *Exchange) bool {
	b := message(keepAlive - 1)
	for range 2 {
		b = binary.BigEndian.AppendUint32(b, 60)
		b = append(b, make([]byte, 60)...)
	}
	return Say(b)(x)
}

// HalfBlock sends half a block and hangs up politely.
func HalfBlock(x *Exchange) bool {
	b := message(1)
	b = binary.BigEndian.AppendUint32(b, 60)
	return SayAndHangup(append(b, make([]byte, 30)...))(x)
}

// EmptyFlood sends blocks of no bytes for ever.
func EmptyFlood(x *Exchange) bool {
	x.Write(message(keepAlive - 1))
	zeros := make([]byte, 16<<10)
	for x.Write(zeros) {
	}
	return false
}

// message returns the first word of a message.
func message(count uint32) []byte { return binary.BigEndian.AppendUint32(nil, count) }
