// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"time"

	"network-manager-softether/protocol/pack"
)

// Faults for every step.

// CloseNotify hangs up politely.
func CloseNotify(x *Exchange) bool {
	if t, ok := x.Conn.(*tls.Conn); ok {
		t.Close()
	}
	return false
}

// Hangup silently closes the connection.
func Hangup(*Exchange) bool { return false }

// Reset sends a TCP reset; before TLS, only once the client has sent something.
func Reset(x *Exchange) bool {
	if x.Step == StepAccept {
		_, _ = x.Conn.Read(make([]byte, 1)) // a client that has left is reset as well
	}
	reset(x.raw)
	return false
}

// Silence never answers.
func Silence(x *Exchange) bool {
	x.WaitClosed()
	return false
}

// Delay answers late.
func Delay(d time.Duration) Fault {
	return func(x *Exchange) bool {
		select {
		case <-time.After(d):
			return true
		case <-x.Done:
			return false
		}
	}
}

// Garbage sends 4 KiB of random bytes, then stays silent.
func Garbage(x *Exchange) bool {
	b := make([]byte, 4096)
	rand.Read(b)
	b[0] = 0x80 // no TLS, no HTTP, no small number
	return Say(b)(x)
}

// Flood sends random bytes without end.
func Flood(x *Exchange) bool {
	b := make([]byte, 16<<10)
	rand.Read(b)
	for x.Write(b) {
	}
	return false
}

// Say sends b, then stays silent.
func Say(b []byte) Fault {
	return func(x *Exchange) bool {
		x.Write(b)
		x.WaitClosed()
		return false
	}
}

// SayAndHangup sends b and closes the connection.
func SayAndHangup(b []byte) Fault {
	return func(x *Exchange) bool {
		x.Write(b)
		return CloseNotify(x)
	}
}

// SSH greets like an SSH server. It belongs to StepAccept.
func SSH(x *Exchange) bool { return Say([]byte("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"))(x) }

// PlainHTTP answers like a web server that expects no TLS. It belongs to StepAccept.
func PlainHTTP(x *Exchange) bool {
	x.WriteHTTP("400 Bad Request", typeHTML, page("400 Bad Request"))
	return false
}

// Faults about HTTP, for StepHello, StepLogin and StepAttach.

// Status answers with an HTML page, as a web server does: Status("404 Not Found").
func Status(status string) Fault {
	return func(x *Exchange) bool {
		x.WriteHTTP(status, typeHTML, page(status))
		x.WaitClosed()
		return false
	}
}

// ContentType answers with another content type.
func ContentType(t string) Fault {
	return func(x *Exchange) bool {
		x.WriteHTTP("200 OK", t, x.marshal())
		x.WaitClosed()
		return false
	}
}

// Header answers with the lines given in place of the header, then the regular
// pack. Lines need their ends, the last one an empty line after it.
func Header(lines string) Fault {
	return func(x *Exchange) bool { return Say(append([]byte(lines), x.marshal()...))(x) }
}

// HeaderFlood never ends its header.
func HeaderFlood(x *Exchange) bool {
	x.Write([]byte("HTTP/1.1 200 OK\r\n"))
	lines := bytes.Repeat([]byte("X-Filler: 0123456789012345678901234567890123456789\r\n"), 200)
	for x.Write(lines) {
	}
	return false
}

// LineFlood never ends the first line of its header.
func LineFlood(x *Exchange) bool {
	x.Write([]byte("HTTP/1.1 200 "))
	words := bytes.Repeat([]byte("OK "), 4096)
	for x.Write(words) {
	}
	return false
}

// BodyFlood announces half a gigabyte and sends zeros for ever.
func BodyFlood(x *Exchange) bool {
	x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: " + typePack + "\r\nContent-Length: 536870912\r\n\r\n"))
	zeros := make([]byte, 16<<10)
	for x.Write(zeros) {
	}
	return false
}

// Truncated sends all but the last third of the regular answer, and hangs up politely.
func Truncated(x *Exchange) bool {
	b := response("200 OK", typePack, x.marshal())
	return SayAndHangup(b[:len(b)*2/3])(x)
}

// Stalled sends all but the last third of the regular answer, and nothing more.
func Stalled(x *Exchange) bool {
	b := response("200 OK", typePack, x.marshal())
	return Say(b[:len(b)*2/3])(x)
}

// Drip sends the regular answer one byte every d: each read succeeds.
func Drip(d time.Duration) Fault {
	return func(x *Exchange) bool {
		for _, b := range response("200 OK", typePack, x.marshal()) {
			select {
			case <-time.After(d):
			case <-x.Done:
				return false
			}
			if !x.Write([]byte{b}) {
				return false
			}
		}
		x.WaitClosed()
		return false
	}
}

// Noops sends n noop packs, one every d, before the regular answer.
func Noops(n int, d time.Duration) Fault {
	return func(x *Exchange) bool {
		var p pack.Pack
		p.AddInt("error", 0)
		p.AddInt("noop", 2)
		b, _ := p.Marshal()
		for range n {
			if !x.WriteHTTP("200 OK", typePack, b) || !Delay(d)(x) {
				return false
			}
		}
		return true
	}
}

// EndlessNoops sends noop packs for ever.
func EndlessNoops(x *Exchange) bool {
	for Noops(1000, time.Millisecond)(x) {
	}
	return false
}
