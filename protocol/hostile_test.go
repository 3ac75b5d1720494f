// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"errors"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// What a hostile server may cost us before we give up on it.
const (
	mostTime = time.Minute // with waits of 300 ms: longer is for ever
	// Bytes that the client allocates for each connection. A handshake takes 150,000, the
	// buffers of a tunnel 80,000, with compression 200,000.
	mostMemory = 320 << 10
)

// TestHostileHandshake has a server break every rule at every step. Dial must end
// with the right error, soon, without taking much memory, and (goleak) leave nothing
// behind. It does not run beside other tests, whose clients would count as its own.
func TestHostileHandshake(t *testing.T) {
	countAllocations(t)
	type fault struct {
		name  string
		fault Fault
		want  error
	}
	server := func(code protocol.ErrorCode) error { return &protocol.ServerError{Code: code} }
	// What may go wrong with any answer.
	answers := []fault{
		{"hang-up", Hangup, protocol.ErrLost},
		{"polite hang-up", CloseNotify, protocol.ErrLost},
		{"reset", Reset, protocol.ErrLost},
		{"silence", Silence, protocol.ErrTimeout},
		{"garbage", Garbage, protocol.ErrNotSoftEther},
		{"endless garbage", Flood, protocol.ErrNotSoftEther},
		{"web page", Status("200 OK"), protocol.ErrNotSoftEther},
		{"not found", Status("404 Not Found"), protocol.ErrNotSoftEther},
		{"content type", ContentType("text/plain"), protocol.ErrNotSoftEther},
		{"endless header", HeaderFlood, protocol.ErrNotSoftEther},
		{"endless line", LineFlood, protocol.ErrNotSoftEther},
		{"endless body", BodyFlood, protocol.ErrMalformed},
		{"half an answer", Truncated, protocol.ErrLost},
		{"half an answer, then silence", Stalled, protocol.ErrTimeout},
		{"drop by drop", Drip(20 * time.Millisecond), protocol.ErrTimeout},
		{"garbage pack", GarbagePack, protocol.ErrMalformed},
		{"duplicate element", DuplicateElement, protocol.ErrMalformed},
		{"huge element count", HugeElementCount, protocol.ErrMalformed},
		{"huge value count", HugeValueCount, protocol.ErrMalformed},
		{"endless noops", EndlessNoops, protocol.ErrMalformed},
		{"refusal", Refuse(33), server(33)},
		{"unknown refusal", Refuse(4711), server(4711)},
	}
	for _, step := range []struct {
		name   string
		step   Step
		faults []fault
	}{
		{"accept", StepAccept, []fault{
			{"hang-up", Hangup, protocol.ErrTLS},
			{"reset", Reset, nil},
			{"silence", Silence, protocol.ErrTimeout},
			{"garbage", Garbage, protocol.ErrNotSoftEther},
			{"endless garbage", Flood, nil},
			{"SSH", SSH, protocol.ErrNotSoftEther},
			{"plain HTTP", PlainHTTP, protocol.ErrNotSoftEther},
		}},
		{"hello", StepHello, append([]fault{
			{"no challenge", Without("random"), protocol.ErrNotSoftEther},
			{"no name", Without("hello"), protocol.ErrNotSoftEther},
			{"short challenge", SetData("random", make([]byte, 19)), protocol.ErrNotSoftEther},
		}, answers...)},
		{"login", StepLogin, append([]fault{
			{"clear text", SetInt("use_encrypt", 0), protocol.ErrNoEncryption},
			{"nothing about encryption", Without("use_encrypt"), protocol.ErrNoEncryption},
			{"compression", SetInt("use_compress", 1), protocol.ErrMalformed},
			{"no session key", Without("session_key"), protocol.ErrMalformed},
			{"no session name", Without("session_name"), protocol.ErrMalformed},
		}, answers...)},
	} {
		for _, f := range step.faults {
			t.Run(step.name+"/"+f.name, func(t *testing.T) {
				srv := start(t, WithFault(step.step, f.fault))
				cfg := alice(srv)
				if f.want == protocol.ErrTimeout {
					protocol.Shorten(cfg, protocol.Waits{Step: 300 * time.Millisecond})
				}
				began, had := time.Now(), clientAllocated()
				s, err := protocol.Dial(t.Context(), cfg)
				if err == nil {
					s.Close()
					t.Fatal("logged in")
				}
				var step *protocol.Error
				if !errors.As(err, &step) || step.Op == "" || step.Addr == "" {
					t.Errorf("error %v names no step and address", err)
				}
				if f.want != nil && !is(err, f.want) {
					t.Errorf("error %v, want %v", err, f.want)
				}
				if protocol.Hint(err) == "" {
					t.Errorf("no hint for %v", err)
				}
				if took := time.Since(began); took > mostTime {
					t.Errorf("took %v", took)
				}
				if n, most := clientAllocated()-had, mostMemory*int64(len(srv.Records())); n > most {
					t.Errorf("allocated %d bytes, want at most %d", n, most)
				}
			})
		}
	}
}

// TestHostileTunnel has a server break the framing. The session re-attaches, is
// treated the same again, and ends, within the same bounds.
func TestHostileTunnel(t *testing.T) {
	countAllocations(t)
	for _, tt := range []struct {
		name  string
		fault Fault
		want  error
		quiet bool // until the session's time-out
	}{
		{"long block", LongBlock, protocol.ErrMalformed, false},
		{"long keep-alive", LongKeepAlive, protocol.ErrMalformed, false},
		{"compression bomb", Bomb, protocol.ErrMalformed, false},
		{"half a block", HalfBlock, protocol.ErrLost, false},
		{"announced blocks that never come", LyingCount, protocol.ErrTimeout, true},
		{"endless garbage", Flood, protocol.ErrMalformed, false},
		{"hang-up", Hangup, protocol.ErrLost, false},
		{"reset", Reset, protocol.ErrLost, false},
		{"silence", Silence, protocol.ErrTimeout, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			timeout := time.Minute
			if tt.quiet {
				timeout = 300 * time.Millisecond
			}
			srv := start(t, WithTimeout(timeout), WithFault(StepData, tt.fault))
			cfg := alice(srv)
			cfg.Compression = tt.name == "compression bomb"
			s := dial(t, cfg)
			had := clientAllocated()
			s.Start(func([][]byte) {})
			select {
			case <-s.Done():
				err := s.Err()
				if n, most := clientAllocated()-had, mostMemory*int64(len(srv.Records())); n > most {
					t.Errorf("allocated %d bytes, want at most %d", n, most)
				}
				var server *protocol.ServerError
				if tt.quiet && errors.As(err, &server) && server.Code == protocol.CodeSessionTimeout {
					return // the attempt to re-attach was later than the server's patience
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
			case <-within(t).Done():
				t.Error("the session lives on")
			}
		})
	}
}

// TestEmptyBlocksAreHarmless: they are legal, so a flood of them is only traffic.
func TestEmptyBlocksAreHarmless(t *testing.T) {
	countAllocations(t)
	srv := start(t, WithFault(StepData, EmptyFlood))
	s := dial(t, alice(srv))
	had := clientAllocated()
	s.Start(func([][]byte) { t.Error("got frames") })
	select {
	case <-s.Done():
		t.Errorf("session ended: %v", s.Err())
	case <-time.After(100 * time.Millisecond):
	}
	if n, most := clientAllocated()-had, mostMemory*int64(len(srv.Records())); n > most {
		t.Errorf("allocated %d bytes, want at most %d", n, most)
	}
	s.Close()
}
