// SPDX-License-Identifier: Apache-2.0

package main

// stackRoom is more than reading or using a private key takes, in bytes.
const stackRoom = 120 << 10

// onOwnStack runs f on a stack of its own, which is overwritten afterwards: package crypto/rsa has the numbers of a key in
// its frames, and what was on a stack stays in memory until something else is there. The stack has its full size from the
// beginning, as growing would leave a copy behind; that it does not shrink either is the linker's part (meson.build).
func onOwnStack(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		overwriteStack()
		f()
		overwriteStack()
	}()
	<-done
}

//go:noinline
func overwriteStack() {
	var room [stackRoom]byte
	fill(room[:])
}

//go:noinline
func fill(room []byte) {
	for i := range room {
		room[i] = 0xa5
	}
}
