// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"fmt"

	"network-manager-softether/frame"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/softethertest"
)

// A session with a server that sends every frame back.
func ExampleDial() {
	srv := softethertest.NewServer(softethertest.WithHandler(softethertest.Echo))
	defer srv.Close()

	s, err := protocol.Dial(context.Background(), &protocol.Config{
		Host: srv.Host(), Port: srv.Port(), Hub: "TEST", User: "alice",
		Auth:  protocol.Password{Secret: "secret1"},
		Trust: protocol.Trust{Roots: srv.CertPool()},
	})
	if err != nil {
		fmt.Println(err, protocol.Hint(err))
		return
	}
	defer s.Close()

	received := make(chan int, 1)
	s.Start(func(frames [][]byte) { received <- len(frames[0]) })
	b := frame.NewBatch(frame.MaxLen, 1)
	b.Append(make([]byte, 60))
	if err := s.Send(b); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("a frame of", <-received, "bytes came back")
	// Output: a frame of 60 bytes came back
}

// A refusal, in words for a person.
func ExampleHint() {
	srv := softethertest.NewServer()
	defer srv.Close()

	_, err := protocol.Dial(context.Background(), &protocol.Config{
		Host: srv.Host(), Port: srv.Port(), Hub: "NOHUB", User: "alice",
		Auth:  protocol.Password{Secret: "secret1"},
		Trust: protocol.Trust{Roots: srv.CertPool()},
	})
	fmt.Println(protocol.Hint(err))
	// Output: The server has no virtual hub with this name. Check the virtual hub in the settings of the connection.
}
