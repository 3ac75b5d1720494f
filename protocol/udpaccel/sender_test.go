// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What the kernel has no memory for is lost, like anything on its way; what it refuses for good ends the batch.
func TestErrorsOfTheKernelWhileSending(t *testing.T) {
	for _, tt := range []struct {
		name    string
		refuses []syscall.Errno // the first calls
		want    error
		arrived string
	}{
		{"nothing is wrong", nil, nil, "abc"},
		{"no room in a queue", []syscall.Errno{syscall.ENOBUFS}, nil, "bc"},
		{"no memory, twice", []syscall.Errno{syscall.ENOMEM, syscall.ENOMEM}, nil, "c"},
		{"an ICMP error about an earlier packet", []syscall.Errno{syscall.ECONNREFUSED}, nil, "abc"},
		{"nobody is there", []syscall.Errno{syscall.ECONNREFUSED, syscall.ECONNREFUSED}, syscall.ECONNREFUSED, ""},
		{"a firewall", []syscall.Errno{syscall.EPERM}, syscall.EPERM, ""},
		{"too long", []syscall.Errno{syscall.EMSGSIZE}, syscall.EMSGSIZE, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
			if err := connect(from, portOf(to)); err != nil {
				t.Fatal(err)
			}
			if err := connect(to, portOf(from)); err != nil {
				t.Fatal(err)
			}
			raw, err := from.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			s := newSender(from, raw, maxSegment(from))
			s.call = func(fd uintptr) bool {
				if len(tt.refuses) == 0 {
					return s.sendmmsg(fd)
				}
				s.errno, tt.refuses = tt.refuses[0], tt.refuses[1:]
				return true
			}
			for _, b := range []byte("abc") {
				s.next(1, 1)[0] = b
			}
			if err := s.flush(); err != tt.want {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			// The next batch has nothing of the last one.
			s.next(1, 1)[0] = '.'
			if err := s.flush(); err != nil {
				t.Fatal(err)
			}
			got, b := "", make([]byte, 10)
			to.SetReadDeadline(time.Now().Add(30 * time.Second))
			for got == "" || got[len(got)-1] != '.' {
				n, err := to.Read(b)
				if err != nil {
					t.Fatalf("after %q: %v", got, err)
				}
				got += string(b[:n])
			}
			if diff := cmp.Diff(tt.arrived+".", got); diff != "" {
				t.Errorf("unexpected packets (-want +got):\n%s", diff)
			}
		})
	}
}
