// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"fmt"

	"network-manager-softether/protocol/pack"
)

// The first thing that a client says after the server's hello.
func Example() {
	var login pack.Pack
	login.AddStr("method", "login")
	login.AddStr("hubname", "OFFICE")
	login.AddInt("max_connection", 8)
	wire, err := login.Marshal()
	if err != nil {
		fmt.Println(err)
		return
	}

	got, err := pack.Parse(wire)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Names())
	fmt.Println(got.Str("HubName"), got.Int("max_connection"), got.Has("password"))
	// Output:
	// [method hubname max_connection]
	// OFFICE 8 false
}
